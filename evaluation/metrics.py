"""Contents of ``metrics.json``: one object an analysis. None stands for a figure without data."""

from typing import Annotated

from pydantic import AliasChoices, Field, RootModel

from earshot.analysis.types import Frozen

SCHEMA_VERSION = "2.0"
"""Version 1 had no such field, and the keys missed, invented and confused; its files are still
read."""

Rate = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class LeftOut(Frozen):
    """A labelled recording without an answer that should have had one."""

    path: str
    code: str = Field(
        description="empty, not_audio, truncated, ... or what the analysis failed with."
    )
    detail: str


class PassedOver(Frozen):
    """Rows of the manifest without a usable label for this release."""

    unlabelled: int = Field(description="Rows without a label for this analysis.")
    unmapped: dict[str, int] = Field(
        description="What rows say and no label map translates, such as label=helicopter."
    )
    uncovered: dict[str, int] = Field(description="Labels that the release cannot give.")


class Measured(Frozen):
    """Fields common to every analysis."""

    schema_version: str = Field(default=SCHEMA_VERSION, description="Version of this schema.")
    n: int = Field(description="Recordings measured: labelled, read, and answered.")
    release: str = Field(description="The checkpoint that answered.")
    rtf: Rate | None = Field(
        description=(
            "Real-time factor: seconds of one core for a second of sound, loading not counted."
        )
    )
    audio_seconds: Rate = Field(description="Audio that was analysed.")
    passed_over: PassedOver
    unanswered: dict[str, int] = Field(
        description="Why labelled recordings had nothing to analyse, such as no_speech."
    )
    left_out: tuple[LeftOut, ...] = Field(description="What could not be read, or failed.")


class OfLabel(Frozen):
    """One row of the table of labels."""

    n: int = Field(description="Recordings of this label.")
    precision: Share | None = Field(description="null when it was never given.")
    recall: Share | None = Field(description="null when no recording has it.")
    f1: Share | None = Field(description="null when it is neither.")


class OfSource(Frozen):
    """One set of recordings: the first two parts of their paths."""

    n: int
    trained_on: bool | None = Field(
        description="The release was trained on recordings of this set; null when not known."
    )


class ClassifiedSource(OfSource):
    accuracy: Share
    macro_f1: Share
    uar: Share


class Concordance(Frozen):
    """Lin's concordance correlation coefficient; null where there are fewer than two pairs."""

    n: int
    ccc: Annotated[float, Field(ge=-1, le=1)] | None


class Natural(Frozen):
    """Turns of speech that was not acted: shares that are called anything but neutral."""

    n: int = Field(description="Turns with an answer or an abstention.")
    recordings: int
    called: Share = Field(description="Answered, and not neutral.")
    confident: Share = Field(description="The same with a confidence of 0.5 and more.")
    unclear: Share = Field(description="Abstained.")
    by_confidence: dict[str, tuple[int, int]] = Field(
        description="Lower bound of a tenth to its answers that are not neutral, and all of them."
    )


class NaturalSource(Natural, OfSource):
    """The same of one set."""


class Classified(Measured):
    """One label a recording. Figures of answers are over those that did not abstain."""

    coverage: Share | None = Field(
        default=None, description="Labelled recordings that got an answer: the rest abstained."
    )
    natural: Natural | None = Field(
        default=None, description="emotion, sentiment: speech that was not acted, turn by turn."
    )
    natural_per_source: dict[str, NaturalSource] = Field(default_factory=dict)

    accuracy: Share | None
    macro_f1: Share | None = Field(description="Mean F1 of the labels that occur.")
    uar: Share | None = Field(description="Unweighted average recall of the labels that occur.")
    uar_low: Share | None = Field(description="95 % interval of the UAR: whole groups drawn anew.")
    uar_high: Share | None
    groups: int = Field(description="Speakers, folds or single files that were drawn.")
    ece: Share | None = Field(description="Expected calibration error, 10 bins of equal width.")
    labels: tuple[str, ...] = Field(description="Order of the confusion matrix.")
    confusion: tuple[tuple[int, ...], ...] = Field(
        description="Rows: what it is; columns: what was answered."
    )
    per_label: dict[str, OfLabel]
    per_source: dict[str, ClassifiedSource]
    concordance: dict[str, Concordance] | None = Field(
        default=None, description="emotion: of valence, arousal, dominance."
    )


class TranscribedSource(OfSource):
    words: int
    wer: Rate
    cer: Rate


class Transcribed(Measured):
    """Words, by Levenshtein distance to the reference over all recordings together."""

    wer: Rate | None
    cer: Rate | None
    words: int = Field(description="Of the references.")
    characters: int
    normalisation: str = Field(description="What is done to both sides before they are compared.")
    per_source: dict[str, TranscribedSource]


class DiarizedFile(Frozen):
    """Times in ms of speaker time."""

    der: Rate
    missed_detection_ms: int = Field(
        validation_alias=AliasChoices("missed_detection_ms", "missed_ms")
    )
    false_alarm_ms: int = Field(validation_alias=AliasChoices("false_alarm_ms", "invented_ms"))
    confusion_ms: int = Field(validation_alias=AliasChoices("confusion_ms", "confused_ms"))
    spoken_ms: int


class DiarizedSource(DiarizedFile, OfSource):
    """All recordings of a set together."""


class Diarized(Measured):
    """Who spoke when: errors as shares of the reference's speaker time, all recordings together."""

    der: Rate | None
    missed_detection: Rate | None = Field(
        validation_alias=AliasChoices("missed_detection", "missed")
    )
    false_alarm: Rate | None = Field(validation_alias=AliasChoices("false_alarm", "invented"))
    confusion: Rate | None = Field(validation_alias=AliasChoices("confusion", "confused"))
    overlap_f1: Rate | None = Field(
        default=None,
        description="F1 of the time in which several speak; null: none do.",
    )
    collar_seconds: Rate = Field(
        description="Not scored on either side of every border of the reference."
    )
    overlap: str = "counted: where two speak at once, each counts"
    per_source: dict[str, DiarizedSource]
    per_file: dict[str, DiarizedFile]


Metrics = RootModel[dict[str, Classified | Transcribed | Diarized]]
"""The file: analysis to its figures, in registry order."""
