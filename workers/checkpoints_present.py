"""Checks before the first job that the required checkpoints are on this machine."""

from collections.abc import Iterator

from earshot.analysis.types import Release
from earshot.models.checkpoints.location import locate
from earshot.models.onnx_model import described
from earshot.models.runtimes import ENDPOINT
from earshot.models.sound.noise_on_yamnet import base_of
from earshot.settings import Settings
from workers.asr.routes import routes, second_release
from workers.emotion.models import dimensional_release


def check_present(release: Release, config: Settings) -> None:
    """Reads the checkpoints of a release, of its language routes and the second opinion, of the
    release that rates emotion dimensions, and of the network below a head.

    Raises:
        Misconfigured: one is missing or altered, or the catalog does not have it.
        Forbidden: a licence does not allow the use of this installation.
    """
    for each in dict.fromkeys(_needed(release, config)):
        # Releases without uri are code alone; packages are installed with it, and endpoints are
        # remote.
        if each.uri and each.runtime != ENDPOINT and not each.uri.startswith("package:"):
            path = locate(each, config)
            base = described(path, each.name).base if path.suffix == ".onnx" else None
            if base is not None:
                locate(base_of(each, base), config)


def _needed(release: Release, config: Settings) -> Iterator[Release]:
    yield release
    if release.analysis == "asr":
        yield from routes(release, config).values()
        yield from filter(None, [second_release(config)])
    if release.analysis == "emotion" and config.emotion_dimensions:
        yield dimensional_release(config)
