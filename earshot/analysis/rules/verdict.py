"""What is known of a condition: that it holds, that it does not, or neither."""

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import count
from typing import Literal, NamedTuple

from earshot.analysis.report.categories import Hit

Why = Literal["not_transcribed", "not_analysed", "no_roles", "no_topics", "not_scored"]
"""Reason for which a condition is undecided."""
MOST_HITS = 50
"""Hits of a rule that are kept."""


class Verdict(NamedTuple):
    """A condition about one report, in three-valued logic: what an analysis did not answer about is
    neither true nor false, so that a call without a transcript does not lack an apology."""

    holds: bool | None
    """None: undecided."""
    hits: tuple[Hit, ...] = ()
    total: int = 0
    """Number of hits; ``hits`` has the first of them."""
    why: Why | None = None


NO = Verdict(False)


def undecided(why: Why) -> Verdict:
    """A condition that cannot be decided."""
    return Verdict(None, why=why)


def counted(hits: Iterable[Hit], least: int, otherwise: Verdict = NO) -> Verdict:
    """Holds with at least that many hits.

    Args:
        otherwise: with fewer.
    """
    numbers = count(1)
    first = _first(hit for hit, _ in zip(hits, numbers, strict=False))
    total = next(numbers) - 1
    return otherwise if total < least else Verdict(True, first, total)


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """All of them hold."""
    found = list(verdicts)
    for holds in (False, None):
        if any(each.holds is holds for each in found):
            return NO if holds is False else next(each for each in found if each.holds is None)
    return _together(found)


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """At least one of them holds."""
    found = list(verdicts)
    true = [each for each in found if each.holds]
    if true:
        return _together(true)
    return next((each for each in found if each.holds is None), NO)


def negated(verdict: Verdict, absent: Hit) -> Verdict:
    """It does not hold.

    Args:
        absent: what stands for that as a hit.
    """
    if verdict.holds is None:
        return verdict
    return NO if verdict.holds else Verdict(True, (absent,), 1)


def _together(found: Iterable[Verdict]) -> Verdict:
    held = list(found)
    return Verdict(True, _first(_hits(held)), sum(each.total for each in held))


def _hits(found: Iterable[Verdict]) -> Iterator[Hit]:
    for each in found:
        yield from each.hits


def _first(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(nsmallest(MOST_HITS, hits, key=lambda hit: (hit.start_ms, hit.end_ms)))
