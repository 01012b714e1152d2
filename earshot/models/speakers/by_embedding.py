"""Separates speakers by clustering embeddings of their voices: the diarizer without further
packages."""

import numpy as np

from earshot.analysis.types import Release, Utterance
from earshot.audio.clip import Clip
from earshot.audio.features.speaker_windows import voice_windows, window_spans
from earshot.models.options import Options
from earshot.models.speakers.diarizer import Diarized, Diarizer, Spoken, reader
from earshot.models.speakers.embedding import SpeakerModel, open_packaged_speaker, open_speaker
from earshot.models.speakers.voices import Embedded, tell_apart


def open_by_embedding(release: Release, device: str, options: Options) -> Diarizer:
    """Opens the diarizer; always on the CPU, since it is small.

    Raises:
        Misconfigured: as ``open_speaker``.
    """
    return by_embedding(open_speaker(release, options))


def open_by_packaged(release: Release, device: str, options: Options) -> Diarizer:
    """As ``open_by_embedding``, with the voice encoder of a package.

    Raises:
        Misconfigured: as ``open_packaged_speaker``.
    """
    return by_embedding(open_packaged_speaker(release, options))


def by_embedding(model: SpeakerModel) -> Diarizer:
    """A diarizer over windows of the VAD's speech, clustered."""

    def diarize(clip: Clip, channel: int) -> Diarized:
        embedded = [
            _embed(model, clip, item) for item in clip.ref.speech if item.channel == channel
        ]
        turns = tell_apart(embedded, model.threshold, clip.ref.speakers)
        return Diarized(tuple(Spoken(voice, item.start_ms, item.end_ms) for voice, item in turns))

    return diarize


def _embed(model: SpeakerModel, clip: Clip, utterance: Utterance) -> Embedded:
    """Embeds an utterance of any length in bounded memory."""
    windows = window_spans(utterance)
    spectrograms = voice_windows(reader(clip, utterance.channel), windows, model.mel, model.level)
    return Embedded(
        utterance, windows, np.concatenate([model.embed(part) for part in spectrograms])
    )
