"""What tells voices apart on one channel of a recording, by runtime."""

from collections.abc import Callable

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release, SpeakerCount, Utterance
from earshot.audio.clip import Clip
from earshot.audio.features.speaker_windows import voice_windows, window_spans
from earshot.audio.features.spectra import MelSpec
from earshot.compute.optional_packages import needed_by
from earshot.compute.sound import Waveform
from earshot.models.checkpoints.location import locate
from earshot.models.speakers.diarizer import SAMPLE_RATE, Diarized, Reader, Spoken
from earshot.models.speakers.embedding import SpeakerModel, open_speaker
from earshot.models.speakers.voices import Heard, tell_apart

Diarizer = Callable[[Clip, int], Diarized]
"""The voices on one channel of a recording in which the VAD heard speech on that channel."""
RUNTIMES = ("onnx", "pyannote")


def opened(release: Release, device: str) -> Diarizer:
    """What the release's runtime makes of its checkpoint.

    Raises:
        Misconfigured: there is no such runtime, its packages are not installed, or the checkpoint
            is not the release's.
    """
    if release.runtime not in RUNTIMES:
        raise Misconfigured(
            "runtime",
            f"diarization has no runtime {release.runtime!r} (release {release.name}); it knows"
            f" {', '.join(RUNTIMES)}",
        )
    if release.runtime == "onnx":
        return by_embedding(open_speaker(release))
    with needed_by(release.name, "diarization"):
        return by_pyannote(release, device)


def by_embedding(model: SpeakerModel) -> Diarizer:
    """Voice windows over what the VAD heard, clustered. Small enough that it runs on the CPU
    whatever the device."""

    def diarize(clip: Clip, channel: int) -> Diarized:
        heard = [_hear(model, clip, item) for item in clip.ref.speech if item.channel == channel]
        told = tell_apart(heard, model.threshold, clip.ref.speakers)
        return Diarized(tuple(Spoken(voice, item.start_ms, item.end_ms) for voice, item in told))

    return diarize


def by_pyannote(release: Release, device: str) -> Diarizer:
    """The pipeline of pyannote.audio, which hears for itself where there is speech."""
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    pipeline = PyannoteDiarizer(locate(release), device)

    def diarize(clip: Clip, channel: int) -> Diarized:
        asked = clip.ref.speakers or SpeakerCount()
        return pipeline.who_spoke(_reader(clip, channel), clip.ref.end_ms, asked.min, asked.max)

    return diarize


def _reader(clip: Clip, channel: int) -> Reader:
    assert clip.sample_rate == SAMPLE_RATE

    def read(start_ms: int, end_ms: int) -> Waveform:
        samples: Waveform = clip.read(start_ms, end_ms, channel)[0]
        return samples

    return read


def _hear(model: SpeakerModel, clip: Clip, utterance: Utterance) -> Heard:
    """Embeds an utterance of any length in bounded memory."""
    windows = window_spans(utterance)
    spectrograms = voice_windows(
        _reader(clip, utterance.channel), windows, MelSpec(**model.mel), model.level
    )
    return Heard(utterance, windows, np.concatenate([model.embed(part) for part in spectrograms]))
