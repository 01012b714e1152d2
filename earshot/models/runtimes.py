"""The runtimes of releases: which function opens a release of an analysis, and which packages it
needs."""

from importlib import import_module
from typing import Any, NamedTuple

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.optional_packages import needed_by
from earshot.models.options import Options

ENDPOINT = "http-endpoint"
"""The runtime of releases that are an inference endpoint: nothing of them is on this machine."""


class Runtime(NamedTuple):
    """What opens a release: ``module:function`` below ``earshot.models``, imported on use, called
    with the release, the device and the options."""

    opener: str
    requirements: str = "base"
    """Its packages are in ``requirements/<this>.txt``; those of ``base`` are always installed."""
    detects_language: bool = False
    """It transcribes speech of an unnamed language."""


RUNTIMES = {
    ("scene", "onnx"): Runtime("sound.windowed:open_windowed"),
    ("scene", "yamnet"): Runtime("sound.yamnet:open_yamnet"),
    ("noise", "onnx"): Runtime("sound.noise:open_noise"),
    ("sentiment", "onnx"): Runtime("sentiment:open_sentiment"),
    ("text_sentiment", "ngrams"): Runtime("text.linear:open_linear"),
    ("asr", "moonshine"): Runtime("asr.moonshine:open_moonshine"),
    ("asr", "pocketsphinx"): Runtime("asr.pocketsphinx:open_pocketsphinx"),
    ("asr", "faster-whisper"): Runtime(
        "whisper.faster_whisper:open_faster_whisper", detects_language=True
    ),
    ("asr", "transformers-whisper"): Runtime(
        "whisper.transformers_whisper:open_whisper", "gpu", detects_language=True
    ),
    ("asr", "transformers-ctc"): Runtime("asr.transformers_ctc:open_ctc", "gpu"),
    ("asr", "transformers-voxtral"): Runtime(
        "voxtral.recogniser:open_recogniser", "gpu", detects_language=True
    ),
    ("asr", ENDPOINT): Runtime("asr.endpoint:open_endpoint", detects_language=True),
    ("language", "onnx"): Runtime("asr.spoken_language:open_spoken_language"),
    ("language_detection", "whisper-first-token"): Runtime(
        "whisper.language_detector:open_detector", "weights"
    ),
    ("emotion", "onnx"): Runtime("emotion.windowed:open_windowed_emotion"),
    ("emotion", "whisper-encoder"): Runtime("emotion.on_whisper:open_on_whisper", "weights"),
    ("emotion", "emotion2vec"): Runtime("emotion2vec.model:open_emotion2vec", "gpu"),
    ("emotion", "transformers-emotion"): Runtime(
        "emotion.transformers_emotion:open_emotion", "gpu"
    ),
    ("emotion", "transformers-voxtral"): Runtime("voxtral.emotion:open_voxtral_emotion", "gpu"),
    ("emotion", "wav2vec2-dimensional"): Runtime(
        "emotion.transformers_emotion:open_dimensions", "gpu"
    ),
    ("diarization", "ge2e"): Runtime("speakers.by_embedding:open_by_packaged", "weights"),
    ("diarization", "onnx"): Runtime("speakers.by_embedding:open_by_embedding"),
    ("diarization", "pyannote"): Runtime("pyannote.diarizer:open_pyannote", "diarization"),
}
"""By analysis and runtime, the two names that a release has in the catalog."""


def open_release(release: Release, device: str, options: Options) -> Any:
    """The model of a release, loaded from its verified checkpoint; its type is the analysis's own.

    Args:
        device: ``cpu`` or ``cuda``.

    Raises:
        Misconfigured: the analysis has no such runtime, its packages are not installed, or the
            checkpoint is missing or not the release's.
        Forbidden: the checkpoint's licence does not allow what this installation is for.
    """
    runtime = RUNTIMES.get((release.analysis, release.runtime))
    if runtime is None:
        known = (name for analysis, name in RUNTIMES if analysis == release.analysis)
        raise Misconfigured(
            "runtime",
            f"{release.analysis} has no runtime {release.runtime!r} (release {release.name}); it"
            f" knows {', '.join(known)}",
        )
    module, _, function = runtime.opener.partition(":")
    with needed_by(release.name, runtime.requirements):
        return getattr(import_module(f"earshot.models.{module}"), function)(
            release, device, options
        )
