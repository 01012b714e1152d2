"""Tells speech of a channel from that of another channel which is on it again: a loudspeaker's echo, a hybrid's, crosstalk."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray

from analysis.quality import Crosstalk
from analysis.types import Utterance
from audio.echo_path import (
    BEFORE,
    BEHIND,
    CELL,
    CELL_FRAMES,
    EDGE,
    HOP,
    LONGEST_DELAY,
    RATE,
    Array,
    delays,
    explanation,
    halved,
)

Bools = NDArray[np.bool_]
Cells = NDArray[np.intp]
Read = Callable[[int, int, int], Array]
"""Samples of a channel, from one to another, at 16 kHz; shape (samples,), fewer at the recording's end."""

LEAST_PROMINENCE = 12.0
"""Of a delay, in standard deviations of all."""
SIMULTANEOUS = RATE // 500
"""Samples, 2 ms, within which no channel is the later one."""
LEADS_FAINTER = 10 ** (6 / 10)
"""The later one is the echo, unless it has this many times the power of the other: then the channels were not recorded at the
same time."""
UNEXPLAINED = 0.3
"""Share of an echo's power that its prediction may leave; of a voice of its own, it leaves more."""
NEAR_NOISE = 2.5
"""What is left is noise up to this factor above the power of the channel's pauses."""
OWN_MS, ECHO_MS = 200, 300
"""Shorter speech of its own within an echo is none, and a shorter echo within a channel's own speech is none."""
PAD_MS = 100
"""Kept on both sides of a channel's own speech, within what the VAD heard."""
FRAME_MS = HOP * 1000 // RATE
NOBODY = -1


@dataclass(frozen=True)
class Own:
    """By channel: what it says itself, and what of others was on it."""

    speech: tuple[tuple[Utterance, ...], ...]
    echoes: tuple[tuple[Utterance, ...], ...]
    crosstalk: tuple[tuple[Crosstalk, ...], ...]


def own_speech(speech: Sequence[Sequence[Utterance]], noise: Sequence[float], samples: int, read: Read) -> Own:
    """Speech without what is another channel's.

    Args:
        speech: of every channel, in order of time.
        noise: power of every channel's pauses.
        samples: of the recording, at 16 kHz.
    """
    echoes = _Echoes(len(speech), samples, noise, read)
    for pair in combinations(range(len(speech)), 2):
        echoes.look(pair, _shared([speech[channel] for channel in pair], samples))
    own, others, crosstalk = [], [], []
    for channel, utterances in enumerate(speech):
        kept, left_out = _split(utterances, echoes.sources[channel])
        own.append(tuple(kept))
        others.append(tuple(left_out))
        crosstalk.append(tuple(echoes.told(channel, left_out)))
    return Own(tuple(own), tuple(others), tuple(crosstalk))


class _Echoes:
    """Which channel each frame of each channel is an echo of."""

    def __init__(self, channels: int, samples: int, noise: Sequence[float], read: Read) -> None:
        self.sources = np.full((channels, -(-samples // (2 * CELL)) * CELL_FRAMES), NOBODY, np.int8)
        self._noise, self._read = noise, read
        self._paths: dict[tuple[int, int], list[tuple[int, float, int]]] = defaultdict(
            list
        )  # by cell: explained frames, gain, delay

    def look(self, pair: tuple[int, int], cells: Cells) -> None:
        """At two channels in the cells that both speak in: a delay that a cell does not show by itself, for a voice of its own
        is much louder there, is that of the nearest one which does."""
        sounds = ([self._samples(channel, cell * CELL, (cell + 1) * CELL) for channel in pair] for cell in cells.tolist())
        for side in zip(*(delays(*each) for each in sounds), strict=True):
            shown = np.array([delay.prominence > LEAST_PROMINENCE for delay in side])
            samples = np.array([delay.samples for delay in side])
            known = np.flatnonzero(shown)[_seen_again(samples[shown])]
            for place in np.flatnonzero(shown | bool(len(known))).tolist():
                nearest = place if shown[place] else known[np.abs(cells[known] - cells[place]).argmin()]
                self._explain(pair, int(cells[place]), int(samples[nearest]))

    def told(self, on: int, left_out: Sequence[Utterance]) -> Iterator[Crosstalk]:
        """What is to be said of the other channels on one, of which this is left out."""
        frames = [self.sources[on, one.start_ms // FRAME_MS : one.end_ms // FRAME_MS] for one in left_out]
        for of, count in Counter(np.concatenate(frames).tolist() if frames else ()).items():
            if of != NOBODY:
                most = max(self._paths[of, on])[0]
                _, gains, later = zip(*(path for path in self._paths[of, on] if path[0] >= most / 2), strict=True)
                yield Crosstalk(
                    of=of,
                    fainter_db=round(-10 * math.log10(max(float(np.median(gains)), 1e-12)), 1),
                    later_ms=round(float(np.median(later)) * 1000 / RATE),
                    left_out_ms=count * FRAME_MS,
                )

    def _explain(self, pair: tuple[int, int], cell: int, delay: int) -> None:
        """Takes the later channel for the echo, or the fainter one where levels leave no doubt."""
        source, echo = pair if delay >= 0 else pair[::-1]
        later = abs(delay)
        found = explanation(self._around(source, cell, later), self._around(echo, cell, 0))
        if found.gain > (1 if later <= SIMULTANEOUS else LEADS_FAINTER):
            source, echo, later = echo, source, -later
            found = explanation(self._around(source, cell, later), self._around(echo, cell, 0))
        place = np.s_[cell * CELL_FRAMES : (cell + 1) * CELL_FRAMES]
        explained = (found.left < UNEXPLAINED * found.total) | (found.left < NEAR_NOISE * self._noise[echo])
        explained &= (self.sources[echo, place] == NOBODY) & (self.sources[source, place] != echo)
        self.sources[echo, place][explained] = source
        self._paths[source, echo].append((int(explained.sum()), found.gain, later))

    def _around(self, channel: int, cell: int, later: int) -> Array:
        """The cell and what is around it, of as many samples before."""
        return self._samples(channel, cell * CELL - BEFORE - later, (cell + 1) * CELL + BEHIND - later)

    def _samples(self, channel: int, start: int, end: int) -> Array:
        """At ``RATE``; zeros before the recording's beginning and behind its end."""
        start, end = 2 * start - EDGE, 2 * end + EDGE
        found = self._read(channel, max(start, 0), max(end, 0))
        before = max(0, -start)
        return halved(np.pad(found, (before, end - start - before - len(found))))


def _seen_again(samples: NDArray[np.intp]) -> Bools:
    """Which of the delays is much the same as another one."""
    order = np.argsort(samples)
    near = np.diff(samples[order]) <= SIMULTANEOUS
    again = np.zeros(len(samples), np.bool_)
    again[order[1:]] |= near
    again[order[:-1]] |= near
    return again


def _shared(speech: Sequence[Sequence[Utterance]], samples: int) -> Cells:
    """Cells in which one of two channels speaks, and the other one within the longest delay."""
    near, there = np.zeros((2, 2, -(-samples // (2 * CELL))), np.bool_)
    for channel, utterances in enumerate(speech):
        for one in utterances:
            start, end = one.start_ms * RATE // 1000, one.end_ms * RATE // 1000
            there[channel, start // CELL : -(-end // CELL)] = True
            near[channel, max(0, start - LONGEST_DELAY) // CELL : -(-(end + LONGEST_DELAY) // CELL)] = True
    return np.flatnonzero((there[0] & near[1]) | (there[1] & near[0]))


def _split(utterances: Sequence[Utterance], sources: NDArray[np.int8]) -> tuple[list[Utterance], list[Utterance]]:
    """What of a channel's speech is its own, and what is others'."""
    kept: list[Utterance] = []
    left_out: list[Utterance] = []
    for one in utterances:
        first = one.start_ms // FRAME_MS
        own = _cleared(sources[first : -(-one.end_ms // FRAME_MS)] == NOBODY)
        if own.all():
            kept.append(one)
            continue
        kept += [_part(one, first + start, first + end, PAD_MS) for start, end in _runs(own, True)]
        left_out += [_part(one, first + start, first + end, 0) for start, end in _runs(own, False)]
    return kept, left_out


def _part(one: Utterance, start: int, end: int, pad_ms: int) -> Utterance:
    """From one frame to another, and so much more, within the utterance."""
    start_ms, end_ms = max(one.start_ms, start * FRAME_MS - pad_ms), min(one.end_ms, end * FRAME_MS + pad_ms)
    return Utterance(channel=one.channel, start_ms=start_ms, end_ms=end_ms)


def _cleared(own: Bools) -> Bools:
    """Without short runs of own speech within echoes, and then without short echoes within own speech."""
    own = own.copy()
    for value, shortest in ((True, OWN_MS), (False, ECHO_MS)):
        for start, end in _runs(own, value):
            if (end - start) * FRAME_MS < shortest and end - start < len(own):
                own[start:end] = not value
    return own


def _runs(values: Bools, value: bool) -> list[tuple[int, int]]:
    """Where ``value`` stands in a row."""
    found, at = [], 0
    for each, run in groupby(values.tolist()):
        length = len(list(run))
        if each == value:
            found.append((at, at + length))
        at += length
    return found
