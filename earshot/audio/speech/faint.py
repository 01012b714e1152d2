"""Listens again, afresh, to what stands above the noise in a channel's pauses and is much fainter
than its speech.

The VAD is a recurrent network: for seconds after a loud voice it takes a faint one for a pause,
which it hears at once where nothing loud comes before.
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
"""Samples of one channel at the VAD's rate, from one to another; shape (samples,)."""

ABOVE_FLOOR_DB = 12.0
"""Sound is heard again if it stands this much above the noise, and is ``FAINT_DB`` fainter than the
channel's speech: nearer to it the network makes no difference."""
FLOOR_SHARE = 0.2
"""The noise of a channel: the level that a fifth of its pauses stay below."""
LEVEL = 0.05
"""RMS that it is brought to: -26 dB of full scale, as speech usually is."""

FEWEST = 6
"""Windows above the noise in a stretch that is heard again: 192 ms, for no word is shorter."""
JOINED = 16
"""Windows of noise, half a second, within one stretch."""
SHORTEST_TOLD_MS, LEAST_TOLD_MS = 500, 1_000
"""Sound in which no speech is found is told of from this length on, if there is so much of it
altogether."""
BLOCK = 320
"""Windows, 10 s, that are read at once, however long a stretch is."""
AROUND = 10
"""Windows of the pause, 320 ms, that are heard before and after."""


@dataclass(frozen=True)
class Again:
    """What a channel holds beside the speech that was heard at first."""

    speech: tuple[Utterance, ...]
    """All of its speech: what was heard at first, and what was found now."""
    left: tuple[Interval, ...]
    """Sound that was heard again, and in which there is still no speech."""
    below_speech_db: float = 0.0
    above_floor_db: float = 0.0
    """Level of ``left``: mean power below that of the speech, and above the noise."""
    noise: float = 0.0
    """Power of a sample of the channel's noise."""

    def note(self) -> str | None:
        """One sentence on ``left``; None where it is little, or nothing but short sounds: clicks,
        breaths, ends of words."""
        lengths = [one.end_ms - one.start_ms for one in self.left]
        told = sum(length for length in lengths if length >= SHORTEST_TOLD_MS)
        levels = (
            f"{self.below_speech_db:.0f} dB fainter than it and {self.above_floor_db:.0f} dB above"
            " the noise"
        )
        return (
            f"{told / 1000:.1f} s of sound between the speech, {levels}, are taken for pauses."
            if told >= LEAST_TOLD_MS
            else None
        )


def listen_again(first: Sequence[Utterance], levels_db: Array, read: Read) -> Again:
    """All speech of one channel.

    Args:
        first: what the VAD heard in it, in order.
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
        heard = _afresh(*_widened(start, end, pause), levels_db, read)
        found += heard
        left += [] if heard else [(start, end)]
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
    """Loud windows at most ``JOINED`` apart within one pause, where there are ``FEWEST`` of
    them."""
    at = np.flatnonzero(loud)
    if not len(at):
        return []
    speech_before = np.cumsum(~pause)
    cuts = (np.diff(at) > JOINED) | (np.diff(speech_before[at]) > 0)
    borders = [0, *(np.flatnonzero(cuts) + 1), len(at)]
    return [(int(at[a]), int(at[b - 1]) + 1) for a, b in pairwise(borders) if b - a >= FEWEST]


def _widened(start: int, end: int, pause: NDArray[np.bool_]) -> tuple[int, int]:
    """With ``AROUND`` windows on both sides, but nothing of the speech beside them."""
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
