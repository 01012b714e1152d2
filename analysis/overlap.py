"""Words heard twice, in the overlap of two consecutive chunks, appear once."""

from collections.abc import Sequence

from analysis.findings import Word
from analysis.types import Interval

SAME_WORD_MS = 300
"""Two recognitions of one spoken word may disagree on its start by this much; farther apart it was said twice."""


def join_runs(left: Sequence[Word], right: Sequence[Word], overlap: Interval) -> list[Word]:
    """Words of one channel from two consecutive chunks, each in order of time, as one run.

    Inside ``overlap`` (the stretch both chunks hold) the runs are laid over each other at their longest common run of words and
    cut after it; with none in common they are cut in the middle of the overlap. Words outside the overlap are never lost, and
    where only one chunk heard words in the overlap, those stay.
    """
    before = [word for word in left if _middle(word) < overlap.start_ms]
    after = [word for word in right if _middle(word) >= overlap.end_ms]
    ours = [word for word in left if _middle(word) >= overlap.start_ms]
    theirs = [word for word in right if _middle(word) < overlap.end_ms]
    if not ours or not theirs:
        return before + ours + theirs + after
    end, resume = _cut(ours, theirs, (overlap.start_ms + overlap.end_ms) / 2)
    return before + ours[:end] + theirs[resume:] + after


def _middle(word: Word) -> float:
    return (word.start_ms + word.end_ms) / 2


def _cut(ours: Sequence[Word], theirs: Sequence[Word], middle: float) -> tuple[int, int]:
    """How many words of ``ours`` to keep, and from which word of ``theirs`` to go on."""
    end, resume, size = _longest_common_run(ours, theirs)
    if size:
        return end, resume
    return sum(_middle(word) < middle for word in ours), sum(_middle(word) < middle for word in theirs)


def _longest_common_run(ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[int, int, int]:
    """Ends (exclusive) of the longest run of the same words in both, and its length; (0, 0, 0) when there is none."""
    best = (0, 0, 0)
    above = [0] * (len(theirs) + 1)
    for i, a in enumerate(ours, 1):
        row = [0] * (len(theirs) + 1)
        for j, b in enumerate(theirs, 1):
            if a.text.casefold() == b.text.casefold() and abs(a.start_ms - b.start_ms) <= SAME_WORD_MS:
                row[j] = above[j - 1] + 1
                best = max(best, (i, j, row[j]), key=lambda run: run[2])
        above = row
    return best
