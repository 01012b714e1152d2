"""Environmental noise in a chunk behind its speech (004-22..29), and alarms (004-30)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import NoiseFindings
from earshot.analysis.outcome import Skipped
from earshot.analysis.types import ChunkRef, Release
from earshot.audio.alarms.detector import alarms
from earshot.audio.clip import Clip
from earshot.audio.features.chosen_windows import spread
from earshot.audio.features.level import SILENT, mixed
from earshot.audio.features.windows import WindowSpec, begin_ms, window_loudness
from earshot.models.runtimes import open_release
from earshot.models.scoring import classify
from earshot.models.sound.noise import FULL_BAND, UNTRAINED, NoiseCheckpoint, tempered
from earshot.models.sound.noise_on_yamnet import OnYamnet
from earshot.models.sound.windowed import WindowedModel
from earshot.settings import settings

FINDINGS = NoiseFindings

Array = NDArray[np.float32]


@dataclass(frozen=True)
class NoiseModel:
    """The checkpoint, and the maximum number of windows per chunk."""

    windowed: WindowedModel | OnYamnet
    windows_per_chunk: int
    pooled_temperature: float = 1.0
    """Of the mean over windows, which is less confident than accurate: some windows of a sound are
    less distinctive than others."""


def load(release: Release, device: str) -> NoiseModel:
    """Opens a small CNN, an EfficientNet-B3 of ``earshot.noise``, or a head on YAMNet; always on
    the CPU.

    Raises:
        Misconfigured: as ``open_release``, or the network was never trained (C-41).
    """
    found: NoiseCheckpoint = open_release(release, device, settings())
    if found.version == UNTRAINED:
        raise Misconfigured(
            "checkpoint",
            f"{release.name} was exported before it was trained; its answers mean nothing",
        )
    return NoiseModel(found.windows, settings().noise_windows_per_chunk, found.pooled_temperature)


def analyze(model: NoiseModel, clips: Sequence[Clip]) -> list[NoiseFindings | Skipped]:
    """Shares of the checkpoint's labels over each chunk. Channels are mixed; the loudest one
    decides about silence."""
    return [_noise(model, clip) for clip in clips]


def _noise(model: NoiseModel, clip: Clip) -> NoiseFindings:
    windowed, rate = model.windowed, model.windowed.spec.mel.sample_rate
    stored = clip.read()
    mono, waveform = mixed(stored), _resampled(stored, clip.sample_rate, rate)
    places = spread(telling(windowed.spec, clip.ref, waveform), model.windows_per_chunk)
    shares = windowed.scores_at(mono if waveform is stored else mixed(waveform), rate, places)
    answer = classify(windowed.labels, tempered(shares.mean(axis=0), model.pooled_temperature))
    return NoiseFindings(
        label=answer.label,
        confidence=answer.confidence,
        scores=answer.scores,
        coverage=windowed.labels,
        bandwidth_limited=clip.ref.native_rate < FULL_BAND,
        emergency=alarms(mono, clip.sample_rate, clip.ref, settings().alarm_threshold),
    )


def _resampled(waveform: Array, rate: int, wanted: int) -> Array:
    """The chunk at the checkpoint's sample rate; the store's own unless a release of [004] needs
    its 48 kHz."""
    if rate == wanted:
        return waveform
    import soxr

    resampled: Array = soxr.resample(waveform.T, rate, wanted).T
    return resampled


def telling(spec: WindowSpec, ref: ChunkRef, waveform: Array) -> NDArray[np.bool_]:
    """The windows that count: audible ones between the utterances, where the noise is alone; else
    audible ones; else all.

    Args:
        waveform: all of the chunk at the spec's rate, shape (channels, samples).
    """
    starts = ref.start_ms + begin_ms(waveform.shape[1], spec)
    ends = starts + spec.length * spec.mel.hop * 1000 // spec.mel.sample_rate
    audible = window_loudness(waveform, spec.mel.sample_rate, spec) >= SILENT
    free = np.ones(len(starts), bool)
    for utterance in ref.speech:
        free &= (ends <= utterance.start_ms) | (starts >= utterance.end_ms)
    for choice in (free & audible, audible):
        if choice.any():
            return choice
    return np.ones(len(starts), bool)
