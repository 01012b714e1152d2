"""Repeats speech detection on sound in a channel's pauses that stands above the noise and is much
fainter than its speech.

The VAD is a recurrent network: for seconds after a loud voice it classifies a faint one as a pause,
but detects it at once without a loud voice before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.spans import fuse
from earshot.analysis.types import Interval, Utterance
from earshot.audio.features.level import FAINT_DB, SILENT_DB, gain_to
from earshot.audio.speech.vad import WINDOW, WINDOW_MS, SpeechDetector

Array = NDArray[np.float32]
Read = Callable[[int, int], Array]
"""Returns samples of one channel at the VAD's rate between two positions; shape (samples,)."""

ABOVE_FLOOR_DB = 12.0
"""Detection is repeated on sound this much above the noise and ``FAINT_DB`` fainter than the
channel's speech: the network is not affected by smaller differences."""
FLOOR_SHARE = 0.2
"""The noise level of a channel: the level that a fifth of its pauses stay below."""
LEVEL = 0.05
"""RMS to which the sound is scaled: -26 dB of full scale, the usual level of speech."""

FEWEST = 6
"""Minimum windows above the noise in a stretch: 192 ms, below the length of any word."""
JOINED = 16
"""Maximum windows of noise, half a second, within one stretch."""
SHORTEST_NOTED_MS, LEAST_NOTED_MS = 500, 1_000
"""Minimum length of sound without speech for a note, if there is this much of it in total."""
BLOCK = 320
"""Windows, 10 s, read at once, regardless of a stretch's length."""
AROUND = 10
"""Windows of the pause, 320 ms, included before and after."""


@dataclass(frozen=True)
class Again:
    """The result of the second pass on a channel."""

    speech: tuple[Utterance, ...]
    """All speech of the channel: of the first and of the second pass."""
    left: tuple[Interval, ...]
    """Sound of the second pass without speech."""
    below_speech_db: float = 0.0
    above_floor_db: float = 0.0
    """Level of ``left``: mean power below that of the speech, and above the noise."""
    noise: float = 0.0
    """Power of a sample of the channel's noise."""

    def note(self) -> str | None:
        """One sentence on ``left``; None if it is little or only short sounds: clicks, breaths,
        ends of words."""
        lengths = [one.end_ms - one.start_ms for one in self.left]
        noted_ms = sum(length for length in lengths if length >= SHORTEST_NOTED_MS)
        levels = (
            f"{self.below_speech_db:.0f} dB fainter than it and {self.above_floor_db:.0f} dB above"
            " the noise"
        )
        return (
            f"{noted_ms / 1000:.1f} s of sound between the speech, {levels}, are taken for pauses."
            if noted_ms >= LEAST_NOTED_MS
            else None
        )


def listen_again(first: Sequence[Utterance], levels_db: Array, read: Read) -> Again:
    """Returns all speech of one channel.

    Args:
        first: speech of the first pass, in order.
        levels_db: of every window of the VAD.
    """
    pause = _pauses(first, len(levels_db))
    if pause.all() or not pause.any():
        return Again(tuple(first), ())
    power = 10 ** (levels_db / 10)
    speech_db = 10 * float(np.log10(power[~pause].mean()))
    floor_db = float(np.quantile(levels_db[pause], FLOOR_SHARE))
    found: list[Interval] = []
    left: list[tuple[int, int]] = []
    for start, end in _stretches(
        pause & (levels_db > max(floor_db + ABOVE_FLOOR_DB, SILENT_DB)), pause
    ):
        if 10 * np.log10(power[start:end].mean()) > speech_db - FAINT_DB:
            continue
        speech = _afresh(*_widened(start, end, pause), levels_db, read)
        found += speech
        left += [] if speech else [(start, end)]
    windows = [power[start:end] for start, end in left]
    left_db = 10 * float(np.log10(np.concatenate(windows).mean())) if left else 0.0
    return Again(
        speech=tuple(_with(first, found)),
        left=tuple(
            Interval(start_ms=start * WINDOW_MS, end_ms=end * WINDOW_MS) for start, end in left
        ),
        below_speech_db=speech_db - left_db,
        above_floor_db=left_db - floor_db,
        noise=10 ** (floor_db / 10),
    )


def _pauses(first: Sequence[Utterance], windows: int) -> NDArray[np.bool_]:
    pause = np.ones(windows, np.bool_)
    for span in first:
        pause[span.start_ms // WINDOW_MS : -(-span.end_ms // WINDOW_MS)] = False
    return pause


def _stretches(loud: NDArray[np.bool_], pause: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of loud windows at most ``JOINED`` apart within one pause, with at least ``FEWEST`` of
    them."""
    at = np.flatnonzero(loud)
    if not len(at):
        return []
    speech_before = np.cumsum(~pause)
    cuts = (np.diff(at) > JOINED) | (np.diff(speech_before[at]) > 0)
    borders = [0, *(np.flatnonzero(cuts) + 1), len(at)]
    return [(int(at[a]), int(at[b - 1]) + 1) for a, b in pairwise(borders) if b - a >= FEWEST]


def _widened(start: int, end: int, pause: NDArray[np.bool_]) -> tuple[int, int]:
    """The stretch with ``AROUND`` windows on both sides, without the adjacent speech."""
    before = pause[max(0, start - AROUND) : start][::-1]
    after = pause[end : end + AROUND]
    return start - _run(before), end + _run(after)


def _run(pause: NDArray[np.bool_]) -> int:
    return len(pause) if pause.all() else int(pause.argmin())


def _afresh(start: int, end: int, levels_db: Array, read: Read) -> list[Interval]:
    power = np.mean(10 ** (levels_db[start:end].astype(np.float64) / 10))
    gain = np.float32(gain_to(LEVEL, float(np.sqrt(power))))
    detector = SpeechDetector(channel=0)
    for first in range(start, end, BLOCK):
        detector.feed(gain * read(first * WINDOW, min(first + BLOCK, end) * WINDOW))
    at = start * WINDOW_MS
    return [
        Interval(start_ms=at + one.start_ms, end_ms=at + one.end_ms) for one in detector.finish()
    ]


def _with(first: Sequence[Utterance], found: Sequence[Interval]) -> Sequence[Utterance]:
    if not found:
        return first
    return [
        Utterance(channel=first[0].channel, **span.model_dump()) for span in fuse([*first, *found])
    ]
