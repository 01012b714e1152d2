"""Who spoke when: by channel where channels have roles, else by voice on the one channel there is."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from analysis.findings import DiarizationFindings, SpeakerTurn
from analysis.outcome import Skipped
from analysis.types import Release, Utterance
from audio.clip import Clip, Waveform
from audio.features import MelSpec
from audio.voice_windows import voice_windows, window_spans
from models.speaker_embedding import SpeakerModel, open_speaker
from models.voices import Heard, tell_apart
from workers.contract import Card

CARD = Card(name="diarization", pool="gpu", findings=DiarizationFindings, scope="recording")

TURN_GAP_MS = 500
"""A speaker silent for less than this goes on with the same turn."""


def load(release: Release, device: str) -> SpeakerModel:
    """The speaker checkpoint; small enough that it runs on the CPU whatever the device.

    Raises:
        Misconfigured: the checkpoint is not the release's.
    """
    return open_speaker(release)


def analyze(model: SpeakerModel, clips: Sequence[Clip]) -> list[DiarizationFindings | Skipped]:
    """Turns of each recording; ``no_speech`` where the VAD heard none."""
    return [_diarize(model, clip) if clip.ref.speech else Skipped(reason="no_speech") for clip in clips]


def _diarize(model: SpeakerModel, clip: Clip) -> DiarizationFindings:
    if clip.ref.roles:
        return findings("channel", ((str(item.channel), item) for item in clip.ref.speech))
    heard = [_hear(model, clip, item) for item in clip.ref.speech]
    return findings("clustering", tell_apart(heard, model.threshold))


def _hear(model: SpeakerModel, clip: Clip, utterance: Utterance) -> Heard:
    """Embeds an utterance of any length in bounded memory."""

    def read(start_ms: int, end_ms: int) -> Waveform:
        samples: Waveform = clip.read(start_ms, end_ms, utterance.channel)[0]
        return samples

    windows = window_spans(utterance)
    spectrograms = voice_windows(read, windows, MelSpec(**model.mel), model.level)
    return Heard(utterance, windows, np.concatenate([model.embed(part) for part in spectrograms]))


def findings(method: Literal["channel", "clustering"], labelled: Iterable[tuple[str, Utterance]]) -> DiarizationFindings:
    """Speakers numbered by first appearance; stretches of one speaker joined over short pauses."""
    names: dict[str, str] = {}
    turns: list[SpeakerTurn] = []
    latest: dict[int, int] = {}  # channel to its last turn
    for voice, item in sorted(labelled, key=lambda pair: (pair[1].start_ms, pair[1].channel)):
        speaker = names.setdefault(voice, f"s{len(names)}")
        last = turns[latest[item.channel]] if item.channel in latest else None
        if last and last.speaker == speaker and item.start_ms - last.end_ms < TURN_GAP_MS:
            turns[latest[item.channel]] = last.model_copy(update={"end_ms": max(item.end_ms, last.end_ms)})
            continue
        latest[item.channel] = len(turns)
        turns.append(SpeakerTurn(speaker=speaker, start_ms=item.start_ms, end_ms=item.end_ms, channel=item.channel))
    return DiarizationFindings(method=method, speakers=len(names), turns=tuple(turns))
