"""How far the answers of a release have moved from those it began with: population stability index
(PSI) over recordings, against what chance alone gives."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from earshot.analysis.types import Frozen

BINS = 10
"""Of a number, of equal frequency in the reference."""
SCALE = 1_000_000
"""One over the step of the edges of bins: confidences of 0.9999 and more fill several."""
SMOOTHED = 0.5
"""Added to the count of every bin, on both sides."""
LEAST_NOW = 200
"""Recordings, below which there is no alarm."""
LEAST_PSI = 0.2
MOVED = 3
UNKNOWN = "unknown"
Z95 = 1.6448536

Figure = Literal["label", "confidence", "snr", "language"]


class Seen(Frozen):
    """What was answered for one recording."""

    labels: Mapping[str, float]
    """Label to its part of the answered time; the parts sum to 1."""
    confidence: float | None
    """Mean over the answered time."""
    snr_db: float | None
    language: str | None
    finished_at: datetime


class Histogram(Frozen):
    """Counts of recordings by label, by bin of a number, or by language. A recording with several
    labels counts once: each has its part."""

    edges: tuple[float, ...] = ()
    """Of the bins, from below: a value that equals one belongs above it."""
    counts: Mapping[str, float]

    @property
    def n(self) -> float:
        """Number of recordings."""
        return sum(self.counts.values())


class Move(Frozen):
    """A label or bin whose share has changed."""

    name: str
    reference: float
    now: float


class Drift(Frozen):
    """One figure of a release and source, now against its baseline."""

    figure: Figure
    n_reference: int
    n: int
    psi: float
    null: float
    """The PSI that 95 % of samples of these sizes stay below without any drift."""
    moved: tuple[Move, ...]
    """What contributes most, largest first."""

    @property
    def alarm(self) -> bool:
        """Large, more than chance, and of enough recordings."""
        return self.psi >= LEAST_PSI and self.psi > self.null and self.n >= LEAST_NOW


def baseline(seen: Sequence[Seen]) -> dict[Figure, Histogram]:
    """The fixed histograms that later recordings are compared with."""
    edges = {
        figure: _edges([value for each in seen if (value := _number(figure, each)) is not None])
        for figure in ("confidence", "snr")
    }
    figures: tuple[Figure, ...] = ("label", "confidence", "snr", "language")
    return {figure: histogram(figure, edges.get(figure, ()), seen) for figure in figures}


def histogram(figure: Figure, edges: tuple[float, ...], seen: Sequence[Seen]) -> Histogram:
    """Counts of these recordings, in the bins of a baseline."""
    counts: Counter[str] = Counter()
    for each in seen:
        if figure == "label":
            for label, part in each.labels.items():
                counts[label] += part  # type: ignore[assignment]  # parts of a recording
        elif figure == "language":
            counts[each.language or UNKNOWN] += 1
        else:
            value = _number(figure, each)
            counts[UNKNOWN if value is None else _bin(edges, value)] += 1
    return Histogram(edges=edges, counts=dict(counts))


def drift(figure: Figure, reference: Histogram, now: Histogram) -> Drift:
    """Compares two histograms. Labels that one of them lacks count as well."""
    names = sorted({*reference.counts, *now.counts})
    before, after = _shares(reference, names), _shares(now, names)
    parts = {name: (after[name] - before[name]) * math.log(after[name] / before[name])
             for name in names}  # fmt: skip
    largest = sorted(names, key=lambda name: -parts[name])[:MOVED]
    n_reference, n = reference.n, now.n
    chance = 1 / n_reference + 1 / n if n_reference and n else math.inf
    return Drift(
        figure=figure,
        n_reference=round(n_reference),
        n=round(n),
        psi=sum(parts.values()),
        null=_chi_square_95(len(names) - 1) * chance if len(names) > 1 else 0.0,
        moved=tuple(Move(name=name, reference=before[name], now=after[name]) for name in largest),
    )


def _shares(found: Histogram, names: Sequence[str]) -> dict[str, float]:
    whole = found.n + SMOOTHED * len(names)
    return {name: (found.counts.get(name, 0) + SMOOTHED) / whole for name in names}


def _chi_square_95(freedom: int) -> float:
    """The 95 % point (Wilson and Hilferty 1931). Without drift the PSI of two samples is about
    chi-square, times the sum of their reciprocal sizes."""
    part = 2 / (9 * freedom)
    return freedom * float((1 - part + Z95 * math.sqrt(part)) ** 3)


def _number(figure: str, seen: Seen) -> float | None:
    return seen.confidence if figure == "confidence" else seen.snr_db


def _edges(values: Sequence[float]) -> tuple[float, ...]:
    """Between bins of equal frequency; fewer where many values are the same."""
    ordered = sorted(values)
    found = [ordered[len(ordered) * each // BINS] for each in range(1, BINS)] if ordered else []
    cuts = [math.floor(each * SCALE) / SCALE for each in found]
    return tuple(each for each in dict.fromkeys(cuts) if each > ordered[0])


def _bin(edges: tuple[float, ...], value: float) -> str:
    at = bisect_right(edges, value)
    below = repr(edges[at - 1]) if at else ""
    above = repr(edges[at]) if at < len(edges) else ""
    return f"{below}..{above}"
