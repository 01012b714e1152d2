"""Opens the emotion model that a release names, on the device of the pool."""

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.optional_packages import needed_by
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.model import DimensionalModel, EmotionModel

RUNTIMES = ("onnx", "emotion2vec", "transformers-emotion", "transformers-voxtral")
DIMENSIONAL = "wav2vec2-dimensional"
"""The runtime that gives numbers and no labels."""


def open_labelled(release: Release, device: str, int8: bool) -> EmotionModel:
    """A model of every runtime but ``onnx``, which is the worker's own.

    Args:
        device: ``cpu`` or ``cuda``.
        int8: whether to compute in it on a CPU.

    Raises:
        Misconfigured: there is no such runtime, its packages are not installed, the checkpoint is
            missing or not the release's, or its labels are not those of the release.
    """
    if release.runtime == DIMENSIONAL:
        raise Misconfigured(
            "runtime",
            f"{release.name} gives valence, arousal and dominance, and no labels: name it in"
            " EARSHOT_EMOTION_DIMENSIONS, beside an active release that has them",
        )
    if release.runtime not in RUNTIMES:
        raise Misconfigured(
            "runtime",
            f"emotion has no runtime {release.runtime!r} (release {release.name}); it knows"
            f" {', '.join(RUNTIMES)}",
        )
    with needed_by(release.name):
        model = _labelled(release, device, int8)
    if release.labels and model.labels != release.labels:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: the checkpoint's labels are {list(model.labels)}, the catalog says"
            f" {list(release.labels)}; correct its entry",
        )
    return model


def open_dimensional(release: Release, device: str, int8: bool) -> DimensionalModel:
    """A model that rates valence, arousal and dominance; as ``open_labelled``."""
    if release.runtime != DIMENSIONAL:
        raise Misconfigured(
            "runtime",
            f"{release.name} gives no valence, arousal and dominance; {DIMENSIONAL} releases do",
        )
    with needed_by(release.name):
        from earshot.models.emotion.transformers_emotion import TransformersDimensional

        return TransformersDimensional(locate(release), device, int8)


def _labelled(release: Release, device: str, int8: bool) -> EmotionModel:
    if release.runtime == "transformers-voxtral":
        from earshot.models.voxtral.emotion import VoxtralEmotion
        from earshot.models.voxtral.network import opened

        return VoxtralEmotion(opened(release, device), release.labels)
    folder = locate(release)
    if release.runtime == "emotion2vec":
        from earshot.models.emotion2vec.model import Emotion2vecModel

        return Emotion2vecModel(folder, device, int8)
    from earshot.models.emotion.transformers_emotion import TransformersEmotion

    return TransformersEmotion(folder, device, int8)
