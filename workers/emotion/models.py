"""What emotion listens with: the release that gives labels, and beside it one that rates
dimensions, if settings name it."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.checkpoints import catalog
from earshot.models.emotion import labels as emotion_labels
from earshot.models.emotion.model import DimensionalModel, EmotionModel, Shares
from earshot.models.emotion.runtimes import open_dimensional, open_labelled
from earshot.models.sound.windowed import WindowedModel, open_windowed
from earshot.settings import Settings


@dataclass(frozen=True)
class WindowedEmotion:
    """The 1D CNN of [001]: shares averaged over 1 s windows (C-12)."""

    windowed: WindowedModel

    @property
    def labels(self) -> tuple[str, ...]:
        return self.windowed.labels

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        return [self.windowed.shares(samples, SAMPLE_RATE).mean(axis=0) for samples in utterances]


@dataclass(frozen=True)
class EmotionModels:
    """Both, loaded."""

    labelled: EmotionModel
    dimensional: DimensionalModel | None
    dimensional_name: str | None


def open_models(release: Release, device: str, config: Settings) -> EmotionModels:
    """Raises:
    Misconfigured: one of them cannot be loaded, its labels mean nothing here, or the catalog does
        not have the one that settings name.
    """
    # The CNN takes 0.04 ms a window on a CPU, so it runs there even in a GPU pool (C-29).
    labelled: EmotionModel = (
        WindowedEmotion(open_windowed(release))
        if release.runtime == "onnx"
        else open_labelled(release, device, config.emotion_int8)
    )
    emotion_labels.check(release.name, labelled.labels)
    if not config.emotion_dimensions:
        return EmotionModels(labelled, None, None)
    beside = dimensional_release(config)
    return EmotionModels(
        labelled, open_dimensional(beside, device, config.emotion_int8), beside.name
    )


def dimensional_release(config: Settings) -> Release:
    """The release that settings name.

    Raises:
        Misconfigured: the catalog has no such one for emotion.
    """
    known = {
        entry.name: entry
        for entry in catalog.known(config.models_catalog)
        if entry.analysis == "emotion"
    }
    if config.emotion_dimensions not in known:
        raise Misconfigured(
            "dimensions",
            f"EARSHOT_EMOTION_DIMENSIONS names {config.emotion_dimensions}, which the catalog does"
            f" not have; it has {', '.join(known)}",
        )
    return known[config.emotion_dimensions].release()
