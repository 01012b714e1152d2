"""Opens emotion models by what they answer: labels, or numbers."""

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.emotion.model import DimensionalModel, EmotionModel
from earshot.models.options import Options
from earshot.models.runtimes import open_release

DIMENSIONAL = "wav2vec2-dimensional"
"""The runtime that gives numbers and no labels."""


def open_labelled(release: Release, device: str, options: Options) -> EmotionModel:
    """A model of every runtime but ``DIMENSIONAL``.

    Raises:
        Misconfigured: as ``open_release``, or the checkpoint's labels are not those of the release.
    """
    if release.runtime == DIMENSIONAL:
        raise Misconfigured(
            "runtime",
            f"{release.name} gives valence, arousal and dominance, and no labels: name it in"
            " EARSHOT_EMOTION_DIMENSIONS, beside an active release that has them",
        )
    model: EmotionModel = open_release(release, device, options)
    if release.labels and model.labels != release.labels:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: the checkpoint's labels are {list(model.labels)}, the catalog says"
            f" {list(release.labels)}; correct its entry",
        )
    return model


def open_dimensional(release: Release, device: str, options: Options) -> DimensionalModel:
    """A model that rates valence, arousal and dominance.

    Raises:
        Misconfigured: as ``open_release``, or the release gives labels.
    """
    if release.runtime != DIMENSIONAL:
        raise Misconfigured(
            "runtime",
            f"{release.name} gives no valence, arousal and dominance; {DIMENSIONAL} releases do",
        )
    model: DimensionalModel = open_release(release, device, options)
    return model
