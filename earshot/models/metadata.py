"""The metadata of ONNX checkpoints: the contract between their writers (training,
``earshot.noise``) and readers.

Each property of the file is a key and its value as JSON. A checkpoint has the keys of one of the
classes below; optional ones may be absent, and unknown keys are ignored.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.spectra import MelSpec
from earshot.audio.features.windows import WindowSpec
from earshot.compute.placed_weights import Weight

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Tally(BaseModel):
    """How often one label was right on recordings that the checkpoint was not fitted on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recordings: Annotated[int, Field(ge=0)]
    """With this label. Recall is the share of them that is answered with it."""
    answers: Annotated[int, Field(ge=0)] = 0
    """With this label, right and wrong."""
    recall: Share | None = None
    precision: Share | None = None
    """Share of the answers with this label that are right; null without any."""


class Band(BaseModel):
    """The measured evidence for answers about sound of one bandwidth."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: dict[str, Tally]
    confidence: Share
    """Below this confidence an answer abstains."""
    own: dict[str, Share] = {}
    """The same for labels to which ``confidence`` does not apply."""


class Evidence(BaseModel):
    """The evidence behind a checkpoint's labels, and when it abstains."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wide: Band
    narrow: Band
    """Of sound over telephone codecs: nothing above 4 kHz."""


class Metadata(BaseModel):
    """Metadata of any checkpoint."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: tuple[str, ...] = ()
    """In the order of its outputs (C-01, C-03)."""
    fine_labels: tuple[str, ...] = ()
    """The classes that its network was trained on, where ``labels`` are groups of them."""
    base: str | None = None
    """Name of the catalog entry whose network computes its input."""
    pooled_temperature: Positive = 1.0
    """Of the mean of its shares over windows."""
    evidence: Evidence | None = None
    """Without it the checkpoint never abstains."""
    model_version: str | None = None
    architecture: str | None = None
    first_weights: str | None = None
    """Initial weights of training: random, or those of another network."""
    parity: dict[str, Any] | None = None
    """Difference of the export from the trained network."""
    made_from: dict[str, dict[str, str]] | None = None
    """Role to the files that were imported, and their sha256."""


class WindowedMetadata(Metadata):
    """A network over fixed log-mel windows."""

    window: WindowSpec
    mean: tuple[Finite, ...]
    """By mel band, of the training windows; ``std`` likewise."""
    std: tuple[Positive, ...]
    temperature: Positive

    @model_validator(mode="after")
    def _bands(self) -> "WindowedMetadata":
        for key in ("mean", "std"):
            count, bands = len(getattr(self, key)), self.window.mel.n_mels
            if count != bands:
                raise ValueError(f"{key} has {count} numbers for {bands} bands")
        return self


class HeadMetadata(Metadata):
    """A head over the features of another network."""

    base: str
    temperature: Positive


class SpeakerMetadata(Metadata):
    """A network that embeds voices."""

    mel: MelSpec
    level: Positive
    """RMS that every window is brought to."""
    threshold: Finite
    """Mean cosine below which two groups of windows are two voices."""


class OutsideWeights(Metadata):
    """A graph whose weights are in a package."""

    member: str
    """File in the package's folder."""
    more: tuple[str, ...] = ()
    """Files that continue it: offsets count through all of them."""
    weights: dict[str, Weight]
    """By initializer."""


class LanguageMetadata(Metadata):
    """A head over a recogniser that judges if speech is in its language."""

    base: str
    temperature: Positive
    most: Positive
    """Maximum of the log odds of one stretch, either way."""


class SegmentationMetadata(Metadata):
    """A network that counts the voices in each frame."""

    mel: MelSpec
    level: Positive
    """RMS to which the speech of a window is brought."""
    frame_ms: Annotated[int, Field(gt=0)]
    overlap: Annotated[float, Field(ge=0, le=1)]
    """Probability of several voices above which they are found."""


class PackagedSpeakerMetadata(OutsideWeights, SpeakerMetadata):
    """A network that embeds voices, whose weights are in a package."""


class EmotionHeadMetadata(OutsideWeights):
    """A head over the encoder of a recogniser, whose weights are in a package."""

    mel: MelSpec
    mel_level: Positive
    """RMS that every part of an utterance is brought to."""
    temperature: tuple[Finite, Finite, Finite]
    """Coefficients of its logarithm (``earshot.models.emotion.on_whisper.Evidence``)."""
    answered_from: Annotated[float, Field(ge=0, le=1)]
    """As ``earshot.analysis.emotion.findings.Judging``; likewise the next five."""
    short: Annotated[float, Field(ge=0, le=1)]
    short_ms: Annotated[int, Field(gt=0)]
    ordinary: tuple[Finite, ...]
    ordinary_ms: Annotated[int, Field(gt=0)]
    kept: Annotated[float, Field(ge=0, le=1)]
    neutral_share: Annotated[float, Field(gt=0, lt=1)]
    """Of the speech that the temperature was fitted on."""


class SentimentMetadata(Metadata):
    """A classifier of acoustic features, with one output a role."""

    features: str
    """Name of the features (``earshot.audio.features.utterance.FEATURES``)."""
    temperature: dict[str, Positive]
    """By role."""
    answered_from: dict[str, Share] = {}
    """Least share of an answer, by role; a role without always answers."""


class TextSentimentMetadata(Metadata):
    """A linear classifier of n-grams of a sentence."""

    features: str
    """Name of the features (``earshot.models.text.ngrams.FEATURES``)."""
    languages: tuple[str, ...]
    """Primary subtags of BCP 47 that it was trained on."""
    temperature: Positive


M = TypeVar("M", bound=Metadata)


def read(kind: type[M], properties: Mapping[str, str], name: str) -> M:
    """The metadata of a file.

    Args:
        properties: as they stand in the file.
        name: of the release.

    Raises:
        Misconfigured: ``checkpoint``, a key is missing or wrong; the message names it.
    """
    values = {key: _value(properties[key]) for key in kind.model_fields if key in properties}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "content"
        wrong = (
            f"lacks {key}" if first["type"] == "missing" else f"has a wrong {key}: {first['msg']}"
        )
        raise Misconfigured(
            "checkpoint",
            f"{name}: its metadata {wrong}; export it with earshot.models.checkpoints.export",
        ) from error


def properties(metadata: Metadata) -> dict[str, str]:
    """As ``read`` reads them; keys that were not set are left out."""
    return {
        key: json.dumps(value)
        for key, value in metadata.model_dump(mode="json", exclude_unset=True).items()
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # exporters of other projects write plain text
