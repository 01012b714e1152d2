"""The models of emotion: the release with labels, and one that rates dimensions, if the settings
name it."""

from dataclasses import dataclass

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.emotion import labels as emotion_labels
from earshot.models.emotion.model import DimensionalModel, EmotionModel
from earshot.models.emotion.opening import open_dimensional, open_labelled
from earshot.settings import Settings


@dataclass(frozen=True)
class EmotionModels:
    """Both, loaded."""

    labelled: EmotionModel
    dimensional: DimensionalModel | None
    dimensional_name: str | None


def open_models(release: Release, device: str, config: Settings) -> EmotionModels:
    """Opens both models.

    Raises:
        Misconfigured: one of them cannot be loaded, its labels are unknown, or the catalog lacks
            the one in the settings.
    """
    labelled = open_labelled(release, device, config)
    emotion_labels.check(release.name, labelled.labels)
    if not config.emotion_dimensions:
        return EmotionModels(labelled, None, None)
    beside = dimensional_release(config)
    return EmotionModels(labelled, open_dimensional(beside, device, config), beside.name)


def dimensional_release(config: Settings) -> Release:
    """The release named by the settings.

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
