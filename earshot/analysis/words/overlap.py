"""Words heard twice, in the overlap of two consecutive chunks, appear once."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.findings import Word
from earshot.analysis.spans import overlap_ms
from earshot.analysis.types import Interval
from earshot.analysis.words.spelling import compared

SAME_WORD_MS = 300
"""Two recognitions of one spoken word share time or start at most this far apart; else it was said
twice."""
GUESSED_MS = 1_500
"""How far the time of an interpolated word may be off: where one of two recognitions has such a
time, their order tells whether they are one word."""
GIVEN_UP = 4
"""Words that each word of a run which no time confirms may cost: those that only one chunk heard,
at its own edge."""


@dataclass(frozen=True)
class Run:
    """The same words in both chunks: where they begin in each, how many there are, how well their
    times agree, and how many have times at all that say so."""

    left: int = 0
    right: int = 0
    size: int = 0
    agreement: float = 0.0
    near: int = 0

    def and_next(self, left: int, right: int, agreement: float) -> "Run":
        """With one more pair, at these places, behind it."""
        begins = (self.left, self.right) if self.size else (left, right)
        return Run(*begins, self.size + 1, self.agreement + agreement, self.near + (agreement > 0))


def border(words: Sequence[Word], overlap: Interval) -> int:
    """The first of ``words`` that the next chunk may have heard as well. A run is joined from there
    on; what lies before cannot change."""
    index = len(words)
    while index and words[index - 1].end_ms > overlap.start_ms - GUESSED_MS:
        index -= 1
    return index


def join_runs(left: Sequence[Word], right: Sequence[Word], overlap: Interval) -> list[Word]:
    """Words of one channel from two consecutive chunks, each in order of time, as one run in order
    of time.

    In ``overlap`` (the stretch both chunks hold) they are laid over each other at the longest run
    of words that they have in common, where a word whose times agree counts up to twice. With none
    in common, each is believed in its own half of the overlap, and where only one of them heard
    words, those stay. No word whose time is known to lie outside the overlap is lost, though one
    cut by a chunk's edge may be told by the other.
    """
    first = border(left, overlap)
    last = bisect_left(right, overlap.end_ms + GUESSED_MS, key=lambda word: word.start_ms)
    ours, theirs = left[first:], right[:last]
    middle = (overlap.start_ms + overlap.end_ms) / 2
    run = _common_run(ours, theirs, overlap)
    both = _laid_over(ours, theirs, run, middle) if run.size else _halves(ours, theirs, middle)
    return _in_order([*left[:first], *both, *right[last:]], first)


def _laid_over(ours: Sequence[Word], theirs: Sequence[Word], run: Run, middle: float) -> list[Word]:
    """A chunk hears worst at its own edge: what the run has before the middle of the overlap comes
    from the left one."""
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
    size 0 when there is none."""
    # What lies behind the run in ours, and before it in theirs, is given up: only what the other
    # chunk can hold may be.
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
    """How many words only one of them has, between its edge and the run."""
    return run.right + ours - run.left - run.size


def _likely(run: Run, ours: int) -> bool:
    return run.near > 0 or _given_up(run, ours) <= GIVEN_UP * run.size


def _slack(word: Word) -> int:
    return GUESSED_MS if word.timing == "interpolated" else 0


def _agreement(a: Word, b: Word) -> float | None:
    """Shared time by covered time of two recognitions of one word: 1 when they coincide, 0 when
    they may be one word because one of them has no time of its own, None when they are not one."""
    shared, apart = overlap_ms(a, b), abs(a.start_ms - b.start_ms)
    if shared or apart <= SAME_WORD_MS:
        # The 1 ms keeps a pair that only lies close above zero, and a word without length from
        # dividing by it.
        return (shared + 1) / (max(a.end_ms, b.end_ms) - min(a.start_ms, b.start_ms) + 1)
    return 0.0 if apart <= _slack(a) + _slack(b) else None


def _in_order(words: list[Word], first: int) -> list[Word]:
    """Where the runs meet, a word may begin before its forerunner by the other chunk's clock; it is
    moved up to its start."""
    for index in range(max(first, 1), len(words)):
        before, word = words[index - 1], words[index]
        if word.start_ms < before.start_ms:
            end = max(word.end_ms, before.end_ms)
            words[index] = word.model_copy(update={"start_ms": before.start_ms, "end_ms": end})
    return words
