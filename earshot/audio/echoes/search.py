"""Finds channels that leak into others: detected in single cells, accepted on the evidence of the
whole recording."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from earshot.audio.echoes.path import (
    BEFORE,
    BEHIND,
    CELL,
    CELL_FRAMES,
    EDGE,
    HOP,
    RATE,
    Array,
    delays,
    explanation,
    halved,
)

Bools = NDArray[np.bool_]
Cells = NDArray[np.intp]
Read = Callable[[int, int, int], Array]
"""Returns the samples of a channel between two positions, at 16 kHz; shape (samples,), fewer at the
recording's end."""
Way = tuple[int, int]
"""The channel of a voice, and the channel it leaks into."""

LEAST_PROMINENCE = 12.0
"""Minimum prominence of a delay, in standard deviations of all."""
SIMULTANEOUS = RATE // 500
"""Samples, 2 ms, within which neither channel counts as later, and delays count as equal."""
FAR = RATE // 100
"""Samples, 10 ms or 3.4 m: more than the distance between two microphones of one stereo
recording."""
LEADS_FAINTER_DB = 6.0
"""The later channel is the echo, unless it is louder than the other by this much: then they were
not recorded at the same time."""
SAMPLED = 60
"""Cells sampled where no channel has a voice of its own."""
LEAST_MS = 500
"""Minimum total echo, over all cells whose delay occurs in another cell too."""
FAINTER_DB, FAINTER_AT_ONCE_DB, FAINTER_ALONE_DB = 2.0, 10.0, 8.0
"""Minimum attenuation of an echo: on a channel with a voice of its own, there at the same time, on
any other."""
LEAST_LEFT, MOST_LEFT, TIMES_LEFT = 0.06, 0.3, 4.0
"""Share of an echo's power that its prediction may leave: within bounds, a multiple of the residual
of an echo alone."""
ALONE = 0.25
"""Best-predicted share of an echo's frames whose last one counts as echo without other sound."""
NEAR_NOISE = 2.5
"""The residual counts as noise up to this factor above the power of the channel's pauses."""
STEPS = 255
FRAME_MS = HOP * 1000 // RATE
NO_SOURCE = -1


@dataclass(frozen=True)
class Sighting:
    """An echo in one cell: its delay and gain, and in steps the residual of each frame's
    prediction."""

    cell: int
    later: int
    gain: float
    left: NDArray[np.uint8]

    def explained(self, share: float) -> Bools:
        return self.left < share * STEPS


@dataclass(frozen=True)
class Path:
    """The accepted echo of one channel on another; ``left``: share that a prediction may leave."""

    sightings: Sequence[Sighting]
    left: float

    @property
    def fainter_db(self) -> float:
        return -10 * math.log10(max(float(np.median([one.gain for one in self.sightings])), 1e-12))

    @property
    def later(self) -> float:
        """Samples."""
        return float(np.median([one.later for one in self.sightings]))

    @property
    def far(self) -> bool:
        """True if later than at any other microphone of the same place, and fainter."""
        return self.later > FAR and self.fainter_db >= FAINTER_DB

    def holds(self, has_own_voice: bool) -> bool:
        """True if levels and delay are those of an echo, not those of two microphones before one
        mouth."""
        at_once = abs(self.later) <= SIMULTANEOUS
        if has_own_voice:
            return self.fainter_db >= (FAINTER_AT_ONCE_DB if at_once else FAINTER_DB)
        return not at_once and self.fainter_db >= FAINTER_ALONE_DB


class Echoes:
    """The source channel of each frame's echo on each channel, in ``sources``; the paths, in
    ``paths``."""

    def __init__(self, channels: int, samples: int, noise: Sequence[float], read: Read) -> None:
        self.sources = np.full(
            (channels, -(-samples // (2 * CELL)) * CELL_FRAMES), NO_SOURCE, np.int8
        )
        self.paths: dict[Way, Path] = {}
        self._noise, self._read = noise, read
        self._half = lru_cache(maxsize=4 * channels)(self._halved)

    def find(self, cells: Mapping[Way, Cells], own_voice: Mapping[Way, bool]) -> None:
        """Examines pairs of channels in the cells that may contain speech of the other in either.

        An echo is accepted only if its channel also carries another speaker than its source:
        otherwise the channels are not those of different people. ``own_voice``: True if the second
        channel carries another speaker.
        """
        asked = [
            pair
            for pair in cells
            if own_voice[pair] or own_voice[pair[::-1]] or self._both_ways(pair, cells[pair])
        ]
        found = self._ways(asked, cells)
        apart = {
            way: own_voice[way] or (path.far and way[::-1] in found and found[way[::-1]].far)
            for way, path in found.items()
        }
        if not any(apart[way] and path.holds(True) for way, path in found.items()):
            return
        found |= self._ways(cells.keys() - asked, cells)
        self.paths = {
            way: path for way, path in sorted(found.items()) if path.holds(apart.get(way, False))
        }
        for way, path in self.paths.items():
            for one in (*path.sightings, *self._hidden(way, path, cells[min(way), max(way)])):
                self._mark(way, one, path.left)

    def _ways(self, pairs: Iterable[Way], cells: Mapping[Way, Cells]) -> dict[Way, Path]:
        """Sightings of one of two channels on the other."""
        seen = defaultdict(list)
        for pair in pairs:
            for cell, delay in self._delays(pair, cells[pair]):
                way, sighting = self._seen(pair, cell, delay)
                seen[way].append(sighting)
        return {way: path for way, sightings in seen.items() if (path := _path(sightings))}

    def _both_ways(self, pair: Way, cells: Cells) -> bool:
        """True if samples show each of two channels far behind the other: with one voice on both,
        neither is."""
        found = [delay for _, delay in self._delays(pair, cells[:: -(-len(cells) // SAMPLED) or 1])]
        return max(found, default=0) > FAR and min(found, default=0) < -FAR

    def _delays(self, pair: Way, cells: Cells) -> list[tuple[int, int]]:
        """Cells whose delay occurs in another one too, and the delay: of the second channel against
        the first."""
        shown = sorted(
            (delay.samples, cell)
            for cell in cells.tolist()
            for delay in delays(*(self._half(channel, cell) for channel in pair))
            if delay.prominence > LEAST_PROMINENCE
        )
        near = np.diff([delay for delay, _ in shown]) <= SIMULTANEOUS
        again = np.append(near, False) | np.insert(near, 0, False)
        return sorted(
            (cell, delay) for (delay, cell), seen in zip(shown, again, strict=False) if seen
        )

    def _mark(self, way: Way, one: Sighting, left: float) -> None:
        source, echo = way
        place = np.s_[one.cell * CELL_FRAMES : (one.cell + 1) * CELL_FRAMES]
        explained = (
            one.explained(left)
            & (self.sources[echo, place] == NO_SOURCE)
            & (self.sources[source, place] != echo)
        )
        self.sources[echo, place][explained] = source

    def _hidden(self, way: Way, path: Path, cells: Cells) -> list[Sighting]:
        """Sightings in cells without a visible delay because of a louder own voice: with that of
        the nearest cell."""
        shown = np.array([one.cell for one in path.sightings])
        nearest = (path.sightings[int(np.abs(shown - cell).argmin())] for cell in cells)
        return [
            self._explained(way, cell, one.later)
            for cell, one in zip(cells.tolist(), nearest, strict=True)
            if cell != one.cell
        ]

    def _seen(self, pair: Way, cell: int, delay: int) -> tuple[Way, Sighting]:
        """Takes the later channel for the echo, or the fainter one where levels are unambiguous."""
        way, later = (pair, delay) if delay >= 0 else (pair[::-1], -delay)
        seen = self._explained(way, cell, later)
        if seen.gain > (1 if later <= SIMULTANEOUS else 10 ** (LEADS_FAINTER_DB / 10)):
            way = way[::-1]
            seen = self._explained(way, cell, -later)
        return way, seen

    def _explained(self, way: Way, cell: int, later: int) -> Sighting:
        source, echo = way
        found = explanation(self._around(source, cell, later), self._around(echo, cell, 0))
        left = found.left / np.maximum(found.total, np.float32(1e-20))
        left[found.left < NEAR_NOISE * self._noise[echo]] = 0
        left[found.total > found.source] = 1
        return Sighting(
            cell, later, found.gain, np.rint(STEPS * np.minimum(left, 1)).astype(np.uint8)
        )

    def _around(self, channel: int, cell: int, later: int) -> Array:
        """The cell and what is around it, of as many samples before."""
        return self._samples(
            channel, cell * CELL - BEFORE - later, (cell + 1) * CELL + BEHIND - later
        )

    def _samples(self, channel: int, start: int, end: int) -> Array:
        """Samples at ``RATE``; zeros before the recording's begin and after its end."""
        first, last = start // CELL, -(-end // CELL)
        return np.concatenate([self._half(channel, cell) for cell in range(first, last)])[
            start - first * CELL :
        ][: end - start]

    def _halved(self, channel: int, cell: int) -> Array:
        start, end = 2 * cell * CELL - EDGE, 2 * (cell + 1) * CELL + EDGE
        found = self._read(channel, max(start, 0), max(end, 0))
        before = max(0, -start)
        return halved(np.pad(found, (before, end - start - before - len(found))))


def _path(sightings: Sequence[Sighting]) -> Path | None:
    """The path of sightings that explain enough; None where there are too few altogether."""
    explained = [int(one.explained(MOST_LEFT).sum()) for one in sightings]
    if sum(explained) * FRAME_MS < LEAST_MS:
        return None
    left = np.concatenate([one.left[one.explained(MOST_LEFT)] for one in sightings])
    alone = float(np.quantile(left[left > 0], ALONE)) / STEPS if left.any() else 0.0
    kept = [
        one for one, count in zip(sightings, explained, strict=True) if count >= max(explained) / 2
    ]
    return Path(kept, min(max(TIMES_LEFT * alone, LEAST_LEFT), MOST_LEFT))
