"""Merges words that are recognised twice in the overlap of two consecutive chunks."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.findings import Word
from earshot.analysis.spans import overlap_ms
from earshot.analysis.types import Interval
from earshot.analysis.words.spelling import compared

SAME_WORD_MS = 300
"""Two recognitions of one spoken word share time or start at most this far apart; otherwise it was
spoken twice."""
GUESSED_MS = 1_500
"""Maximum error of an interpolated time: if one of two recognitions has such a time, the order of
the words decides if they are the same."""
GIVEN_UP = 4
"""Maximum words lost per word of a run without confirming times: those recognised by one chunk
only, at its edge."""


@dataclass(frozen=True)
class Run:
    """The same words in both chunks: their positions, number, the agreement of their times, and how
    many times confirm them."""

    left: int = 0
    right: int = 0
    size: int = 0
    agreement: float = 0.0
    near: int = 0

    def and_next(self, left: int, right: int, agreement: float) -> "Run":
        """The run extended by one pair at these positions."""
        begins = (self.left, self.right) if self.size else (left, right)
        return Run(*begins, self.size + 1, self.agreement + agreement, self.near + (agreement > 0))


def border(words: Sequence[Word], overlap: Interval) -> int:
    """Index of the first of ``words`` that the next chunk may contain as well. A run is joined from
    there on; earlier words are final."""
    index = len(words)
    while index and words[index - 1].end_ms > overlap.start_ms - GUESSED_MS:
        index -= 1
    return index


def join_runs(left: Sequence[Word], right: Sequence[Word], overlap: Interval) -> list[Word]:
    """Joins the words of one channel from two consecutive chunks, each in order of time.

    In ``overlap`` (the stretch both chunks contain) they are aligned at their longest common run of
    words, where a word with agreeing times counts up to twice. Without a common word, each chunk
    counts in its own half of the overlap; if only one of them has words, those stay. No word with a
    known time outside the overlap is lost, though one cut by a chunk's edge may be replaced by the
    other's.
    """
    first = border(left, overlap)
    last = bisect_left(right, overlap.end_ms + GUESSED_MS, key=lambda word: word.start_ms)
    ours, theirs = left[first:], right[:last]
    middle = (overlap.start_ms + overlap.end_ms) / 2
    run = _common_run(ours, theirs, overlap)
    both = _laid_over(ours, theirs, run, middle) if run.size else _halves(ours, theirs, middle)
    return _in_order([*left[:first], *both, *right[last:]], first)


def _laid_over(ours: Sequence[Word], theirs: Sequence[Word], run: Run, middle: float) -> list[Word]:
    """Merges both sides at a run. Recognition is worst at a chunk's edge: the words of the run
    before the middle of the overlap come from the left chunk."""
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


def _common_run(ours: Sequence[Word], theirs: Sequence[Word], overlap: Interval) -> Run:
    """The longest run of the same words in both, where agreeing times count as much as a word; of
    size 0 if there is none."""
    # Words behind the run in ours, and before it in theirs, are dropped: only those that the other
    # chunk can contain may be.
    lowest = next(
        (
            n
            for n in range(len(ours), 0, -1)
            if ours[n - 1].end_ms <= overlap.start_ms - _slack(ours[n - 1])
        ),
        0,
    )
    highest = next(
        (n for n, word in enumerate(theirs) if word.start_ms >= overlap.end_ms + _slack(word)),
        len(theirs),
    )
    spelt = [compared(word.text) for word in theirs]
    found = [Run()]
    above = [Run()] * (len(theirs) + 1)
    for i, a in enumerate(ours):
        row, own = [Run()], compared(a.text)
        for j, b in enumerate(theirs):
            agreement = _agreement(a, b) if own == spelt[j] else None
            row.append(Run() if agreement is None else above[j].and_next(i, j, agreement))
        found += [
            run
            for run in row
            if i >= lowest - 1 and run.right <= highest and run.size and _likely(run, len(ours))
        ]
        above = row
    return max(found, key=lambda run: (run.size + run.agreement, -_given_up(run, len(ours))))


def _given_up(run: Run, ours: int) -> int:
    """Number of words that only one chunk has, between its edge and the run."""
    return run.right + ours - run.left - run.size


def _likely(run: Run, ours: int) -> bool:
    return run.near > 0 or _given_up(run, ours) <= GIVEN_UP * run.size


def _slack(word: Word) -> int:
    return GUESSED_MS if word.timing == "interpolated" else 0


def _agreement(a: Word, b: Word) -> float | None:
    """Shared time over covered time of two recognitions of one word: 1 if they coincide, 0 if they
    may be the same word because one has no time of its own, None if they differ."""
    shared, apart = overlap_ms(a, b), abs(a.start_ms - b.start_ms)
    if shared or apart <= SAME_WORD_MS:
        # The 1 ms keeps a pair that is only close above zero, and avoids a division by zero.
        return (shared + 1) / (max(a.end_ms, b.end_ms) - min(a.start_ms, b.start_ms) + 1)
    return 0.0 if apart <= _slack(a) + _slack(b) else None


def _in_order(words: list[Word], first: int) -> list[Word]:
    """Moves a word up to its predecessor's start where the other chunk's times would put it before
    that."""
    for index in range(max(first, 1), len(words)):
        before, word = words[index - 1], words[index]
        if word.start_ms < before.start_ms:
            end = max(word.end_ms, before.end_ms)
            words[index] = word.model_copy(update={"start_ms": before.start_ms, "end_ms": end})
    return words
