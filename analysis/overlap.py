"""Words heard twice, in the overlap of two consecutive chunks, appear once."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.findings import Word
from analysis.spans import overlap_ms
from analysis.spelling import compared
from analysis.types import Interval

SAME_WORD_MS = 300
"""Two recognitions of one spoken word share time or start at most this far apart; else it was said twice."""


@dataclass(frozen=True)
class Run:
    """The same words in both chunks: where they begin in each, how many there are, and how well their times agree."""

    left: int = 0
    right: int = 0
    size: int = 0
    agreement: float = 0.0


def border(words: Sequence[Word], overlap: Interval) -> int:
    """The first of ``words`` that the next chunk may have heard as well: the neighbour before the overlap, whose end the next
    chunk may hold. A run is joined from there on; what lies before cannot change."""
    index = len(words)
    while index and words[index - 1].end_ms > overlap.start_ms:
        index -= 1
    return max(index - 1, 0)


def join_runs(left: Sequence[Word], right: Sequence[Word], overlap: Interval) -> list[Word]:
    """Words of one channel from two consecutive chunks, each in order of time, as one run in order of time.

    In ``overlap`` (the stretch both chunks hold) and its neighbour words the runs are laid over each other at the run of words
    on which they agree best. With none in common, each is believed in its own half of the overlap, and where only one of them
    heard words, those stay. No word outside the overlap is lost, though one cut by a chunk's edge may be told by the other.
    """
    first = border(left, overlap)
    last = bisect_left(right, overlap.end_ms, key=lambda word: word.start_ms) + 1
    ours, theirs = left[first:], right[:last]
    middle = (overlap.start_ms + overlap.end_ms) / 2
    run = _common_run(ours, theirs)
    both = _laid_over(ours, theirs, run, middle) if run.size else _halves(ours, theirs, middle)
    return _in_order([*left[:first], *both, *right[last:]], first)


def _laid_over(ours: Sequence[Word], theirs: Sequence[Word], run: Run, middle: float) -> list[Word]:
    """A chunk hears worst at its own edge: what the run has before the middle of the overlap comes from the left one."""
    kept = sum(_middle(word) < middle for word in ours[run.left : run.left + run.size])
    return [*ours[: run.left + kept], *theirs[run.right + kept :]]


def _halves(ours: Sequence[Word], theirs: Sequence[Word], middle: float) -> list[Word]:
    early = [word for word in ours if _middle(word) < middle]
    late = [word for word in theirs if _middle(word) >= middle]
    early_only = [word for word in theirs if _middle(word) < middle and not _meets(word, early)]
    late_only = [word for word in ours if _middle(word) >= middle and not _meets(word, late)]
    return sorted([*early, *early_only, *late_only, *late], key=lambda word: word.start_ms)


def _meets(word: Word, others: Sequence[Word]) -> bool:
    return any(overlap_ms(word, other) for other in others)


def _middle(word: Word) -> float:
    return (word.start_ms + word.end_ms) / 2


def _common_run(ours: Sequence[Word], theirs: Sequence[Word]) -> Run:
    """The run of the same words in both whose times agree best; of size 0 when there is none."""
    best = Run()
    above = [Run()] * (len(theirs) + 1)
    for i, a in enumerate(ours):
        row = [Run()]
        for j, b in enumerate(theirs):
            before = above[j]
            agreement = _agreement(a, b)
            size = before.size + 1 if agreement else 0
            row.append(Run(i - size + 1, j - size + 1, size, before.agreement + agreement) if size else Run())
            best = max(best, row[-1], key=lambda run: run.agreement)
        above = row
    return best


def _agreement(a: Word, b: Word) -> float:
    """Shared time by covered time of two recognitions of one word: 1 when they coincide, 0 when they are not one word."""
    shared = overlap_ms(a, b)
    near = shared or abs(a.start_ms - b.start_ms) <= SAME_WORD_MS
    if not near or compared(a.text) != compared(b.text):
        return 0.0
    # The 1 ms keeps a pair that only lies close above zero, and a word without length from dividing by it.
    return (shared + 1) / (max(a.end_ms, b.end_ms) - min(a.start_ms, b.start_ms) + 1)


def _in_order(words: list[Word], first: int) -> list[Word]:
    """Where the runs meet, a word may begin before its forerunner by the other chunk's clock; it is moved up to its start."""
    for index in range(max(first, 1), len(words)):
        before, word = words[index - 1], words[index]
        if word.start_ms < before.start_ms:
            end = max(word.end_ms, before.end_ms)
            words[index] = word.model_copy(update={"start_ms": before.start_ms, "end_ms": end})
    return words
