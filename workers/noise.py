"""Noise: which environmental noise is heard behind a chunk's speech (004-22..29)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.findings import NoiseFindings
from analysis.outcome import Skipped
from analysis.types import Release
from audio.clip import Clip
from audio.windows import SILENT, begin_ms, window_rms
from models.scoring import classify
from workers.contract import Card
from workers.windowed import WindowedModel, open_windowed

CARD = Card(name="noise", pool="cpu", findings=NoiseFindings)

FULL_BAND = 32_000
"""Hz. A recording made below this rate holds nothing of the upper band that some classes live in (C-08)."""

Array = NDArray[np.float32]


def load(release: Release, device: str) -> WindowedModel:
    """The small CNN; runs on the CPU whatever the device."""
    return open_windowed(release)


def analyze(model: WindowedModel, clips: Sequence[Clip]) -> list[NoiseFindings | Skipped]:
    """Shares of the checkpoint's labels over each chunk. Channels are mixed."""
    return [_noise(model, clip) for clip in clips]


def _noise(model: WindowedModel, clip: Clip) -> NoiseFindings:
    waveform = clip.mono()
    shares = model.shares(waveform, clip.sample_rate)
    answer = classify(model.labels, shares[_telling(model, clip, waveform)].mean(axis=0))
    return NoiseFindings(
        label=answer.label,
        confidence=answer.confidence,
        scores=answer.scores,
        coverage=model.labels,
        bandwidth_limited=clip.ref.native_rate < FULL_BAND,
    )


def _telling(model: WindowedModel, clip: Clip, waveform: Array) -> NDArray[np.bool_]:
    """Which windows count: audible ones between the utterances, where the noise is alone; else audible ones; else all."""
    starts = clip.ref.start_ms + begin_ms(len(waveform), model.spec)
    mel = model.spec.mel
    ends = starts + model.spec.length * mel.hop * 1000 // mel.sample_rate
    audible = window_rms(waveform, clip.sample_rate, model.spec) >= SILENT
    free = np.ones(len(starts), bool)
    for utterance in clip.ref.speech:
        free &= (ends <= utterance.start_ms) | (starts >= utterance.end_ms)
    for choice in (free & audible, audible):
        if choice.any():
            return choice
    return np.ones(len(starts), bool)
