"""Checks before the first job that the checkpoints a release needs are on this machine."""

from collections.abc import Iterator

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.models.onnx_model import described
from earshot.models.runtimes import ENDPOINT
from earshot.models.sound.noise_on_yamnet import base_of
from earshot.settings import Settings
from workers.asr.routes import routes
from workers.emotion.models import dimensional_release


def check_present(release: Release, config: Settings) -> None:
    """Reads the checkpoint of a release, of every route of its languages, of the release that rates
    emotion in numbers beside it, and of the network whose features it takes.

    Raises:
        Misconfigured: one is missing or altered, or the catalog does not have it.
        Forbidden: the licence of one does not allow what this installation is for.
    """
    for each in dict.fromkeys(_needed(release, config)):
        # What has no uri is code alone; packages are installed with it, and endpoints are
        # elsewhere.
        if each.uri and each.runtime != ENDPOINT and not each.uri.startswith("package:"):
            path = locate(each, config)
            base = described(path, each.name).base if path.suffix == ".onnx" else None
            if base is not None:
                locate(base_of(each, base), config)


def _needed(release: Release, config: Settings) -> Iterator[Release]:
    yield release
    if release.analysis == "asr":
        yield from routes(release, config).values()
    if release.analysis == "emotion" and config.emotion_dimensions:
        yield dimensional_release(config)
