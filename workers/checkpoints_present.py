"""Whether all that a release takes is on this machine, told before a worker takes its first job."""

from collections.abc import Iterator

from earshot.analysis.types import Release
from earshot.models.asr.endpoint import RUNTIME as ENDPOINT
from earshot.models.checkpoints.location import locate
from earshot.models.onnx_model import open_model
from earshot.models.sound.noise_on_yamnet import base_of, stands_on
from earshot.settings import Settings
from workers.asr.routes import routes
from workers.emotion.models import dimensional_release


def check_present(release: Release, config: Settings) -> None:
    """Reads the checkpoint of a release, of every route of its languages, of what rates emotion in
    numbers beside it, and of the network that it stands on.

    Raises:
        Misconfigured: one is missing or altered, or the catalog does not have it.
        Forbidden: the licence of one does not allow what this installation is for.
    """
    for each in dict.fromkeys(_taken(release, config)):
        # What has no uri is code alone; packages are installed with it, and endpoints are
        # elsewhere.
        if each.uri and each.runtime != ENDPOINT and not each.uri.startswith("package:"):
            locate(each)


def _taken(release: Release, config: Settings) -> Iterator[Release]:
    yield release
    if release.analysis == "asr":
        yield from routes(release, config).values()
    if release.analysis == "emotion" and config.emotion_dimensions:
        yield dimensional_release(config)
    if release.analysis == "noise" and release.runtime == "onnx":
        base = stands_on(open_model(release))
        if base is not None:
            yield base_of(release, base)
