"""Environmental noise in a chunk behind its speech (004-22..29), and alarms (004-30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Classification, LabelledInterval
from earshot.analysis.noise_findings import NoiseFindings
from earshot.analysis.outcome import Skipped
from earshot.analysis.quality import TELEPHONE_BELOW_HZ
from earshot.analysis.types import ChunkRef, Interval, Release
from earshot.audio.alarms.detector import alarms
from earshot.audio.clip import Clip
from earshot.audio.features.chosen_windows import spread
from earshot.audio.features.level import SILENT, mixed
from earshot.audio.features.windows import WindowSpec, begin_ms, window_loudness
from earshot.audio.quality.bandwidth import Bandwidth
from earshot.models.metadata import Evidence
from earshot.models.runtimes import open_release
from earshot.models.sound.abstaining import answer, unmeasured
from earshot.models.sound.noise import FULL_BAND, UNTRAINED, NoiseCheckpoint, tempered
from earshot.models.sound.noise_on_yamnet import OnYamnet
from earshot.models.sound.windowed import WindowedModel
from earshot.settings import settings

FINDINGS = NoiseFindings

Array = NDArray[np.float32]

PART_MS = 5_000
BLOCK_SEC = 5
"""The bandwidth is measured on a few windows out of each block of this length."""


@dataclass(frozen=True)
class NoiseModel:
    """The checkpoint, and the maximum number of windows per chunk."""

    windowed: WindowedModel | OnYamnet
    windows_per_chunk: int
    pooled_temperature: float = 1.0
    """Of the mean over windows, which is less confident than accurate: some windows of a sound are
    less distinctive than others."""
    evidence: Evidence | None = None


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
    return NoiseModel(
        found.windows,
        settings().noise_windows_per_chunk,
        found.pooled_temperature,
        found.evidence,
    )


def analyze(model: NoiseModel, clips: Sequence[Clip]) -> list[NoiseFindings | Skipped]:
    """Shares of the checkpoint's labels over each chunk. Channels are mixed; the loudest one
    decides about silence."""
    return [_noise(model, clip) for clip in clips]


def _noise(model: NoiseModel, clip: Clip) -> NoiseFindings:
    windowed, rate, ref = model.windowed, model.windowed.spec.mel.sample_rate, clip.ref
    stored = clip.read()
    mono, waveform = mixed(stored), _resampled(stored, clip.sample_rate, rate)
    places = telling(windowed.spec, ref, waveform, model.windows_per_chunk)
    shares = windowed.scores_at(
        mono if waveform is stored else mixed(waveform), rate, np.concatenate(places)
    )
    narrow = model.evidence is not None and is_narrow(mono, clip.sample_rate)

    def answered(rows: Array, span: Interval) -> Classification:
        return answer(
            windowed.labels,
            tempered(rows.mean(axis=0), model.pooled_temperature),
            model.evidence,
            narrow=narrow,
            spoken=any(
                each.start_ms < span.end_ms and each.end_ms > span.start_ms for each in ref.speech
            ),
        )

    parts = np.split(shares, np.cumsum([len(each) for each in places])[:-1])
    whole = answered(np.stack([part.mean(axis=0) for part in parts]), ref)
    return NoiseFindings(
        label=whole.label,
        confidence=whole.confidence,
        scores=whole.scores,
        abstained=whole.abstained,
        intervals=tuple(
            LabelledInterval(label=found.label, confidence=found.confidence, **span.model_dump())
            for span, rows in zip(parts_of(ref), parts, strict=True)
            for found in (answered(rows, span),)
        ),
        narrow=narrow,
        unmeasured=unmeasured(windowed.labels, model.evidence),
        coverage=windowed.labels,
        bandwidth_limited=ref.native_rate < FULL_BAND,
        emergency=alarms(mono, clip.sample_rate, ref, settings().alarm_threshold),
    )


def parts_of(chunk: Interval) -> list[Interval]:
    """The parts of a chunk that have an answer of their own: of equal length, about ``PART_MS``."""
    count = max(round((chunk.end_ms - chunk.start_ms) / PART_MS), 1)
    edges = np.linspace(chunk.start_ms, chunk.end_ms, count + 1).round().astype(int).tolist()
    return [Interval(start_ms=start, end_ms=end) for start, end in pairwise(edges)]


def is_narrow(mono: Array, sample_rate: int) -> bool:
    """True if the sound has nothing above the band of a telephone."""
    band = Bandwidth(1, sample_rate)
    for block in np.array_split(mono, max(len(mono) // (BLOCK_SEC * sample_rate), 1)):
        band.update(block[None])
    (hertz,) = band.hertz()
    return hertz is not None and hertz < TELEPHONE_BELOW_HZ


def _resampled(waveform: Array, rate: int, wanted: int) -> Array:
    """The chunk at the checkpoint's sample rate; the store's own unless a release of [004] needs
    its 48 kHz."""
    if rate == wanted:
        return waveform
    import soxr

    resampled: Array = soxr.resample(waveform.T, rate, wanted).T
    return resampled


def telling(spec: WindowSpec, ref: ChunkRef, waveform: Array, most: int) -> list[NDArray[np.int64]]:
    """Positions of the windows that count, by part of the chunk, each window in the part that holds
    its middle: audible ones between the utterances, where the noise is alone; else audible ones;
    else all.

    Args:
        waveform: all of the chunk at the spec's rate, shape (channels, samples).
        most: windows of the chunk.
    """
    starts = ref.start_ms + begin_ms(waveform.shape[1], spec)
    ends = starts + spec.length * spec.mel.hop * 1000 // spec.mel.sample_rate
    audible = window_loudness(waveform, spec.mel.sample_rate, spec) >= SILENT
    everything = np.ones(len(starts), bool)
    free = everything.copy()
    for utterance in ref.speech:
        free &= (ends <= utterance.start_ms) | (starts >= utterance.end_ms)
    parts, middles = parts_of(ref), (starts + ends) // 2
    where = np.searchsorted([part.end_ms for part in parts[:-1]], middles, side="right")
    chosen = []
    for i in range(len(parts)):
        inside = where == i
        choice = next(
            mask
            for mask in (inside & free & audible, inside & audible, inside, everything)
            if mask.any()
        )
        chosen.append(spread(choice, max(most // len(parts), 1)))
    return chosen
