"""Opens the recogniser that a release names."""

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.optional_packages import needed_by
from earshot.models.asr.recogniser import Recogniser
from earshot.models.checkpoints.location import locate

RUNTIMES = (
    "moonshine",
    "pocketsphinx",
    "faster-whisper",
    "transformers-whisper",
    "transformers-ctc",
    "transformers-voxtral",
    "http-endpoint",
)
IN_BASE = ("moonshine", "pocketsphinx", "faster-whisper")
"""Runtimes whose packages come with every installation."""


def open_local(release: Release, device: str) -> Recogniser:
    """The recogniser of every runtime but ``http-endpoint``, loaded from the verified checkpoint.

    Args:
        device: ``cpu`` or ``cuda``.

    Raises:
        Misconfigured: there is no such runtime, its packages are not installed, or the checkpoint
        is missing or not the release's.
    """
    if release.runtime not in RUNTIMES:
        raise Misconfigured(
            "runtime",
            f"asr has no runtime {release.runtime!r} (release {release.name}); it knows"
            f" {', '.join(RUNTIMES)}",
        )
    with needed_by(release.name, "base" if release.runtime in IN_BASE else "gpu"):
        return _opened(release, device)


def _opened(release: Release, device: str) -> Recogniser:
    if release.runtime == "pocketsphinx":
        from earshot.models.asr.pocketsphinx import PocketsphinxDecoder

        return PocketsphinxDecoder()
    if release.runtime == "transformers-voxtral":
        from earshot.models.voxtral.network import opened
        from earshot.models.voxtral.recogniser import VoxtralRecogniser

        return VoxtralRecogniser(opened(release, device))
    folder = locate(release)
    if release.runtime == "moonshine":
        from earshot.models.asr.moonshine import Moonshine

        return Moonshine(folder)
    if release.runtime == "faster-whisper":
        from earshot.models.whisper.faster_whisper import FasterWhisper

        return FasterWhisper(folder, device)
    if release.runtime == "transformers-whisper":
        from earshot.models.whisper.transformers_whisper import TransformersWhisper

        return TransformersWhisper(folder, device)
    from earshot.models.asr.transformers_ctc import TransformersCtc

    return TransformersCtc(folder, device)
