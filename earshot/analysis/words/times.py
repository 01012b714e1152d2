"""Assigns times to words without any: distributed over the gap between their neighbours, in
proportion to their letters."""

from collections.abc import Sequence
from itertools import groupby

Span = tuple[int, int]
"""(start_ms, end_ms)."""


def interpolate(texts: Sequence[str], known: Sequence[Span | None], whole: Span) -> list[Span]:
    """One span for every word, in order of time; known ones are kept.

    Args:
        texts: the words.
        known: their spans within ``whole``, in order of time; None for unknown ones.
        whole: the stretch that contains all of them.
    """
    found: list[Span] = []
    index = 0
    for missing, run in groupby(known, key=lambda span: span is None):
        size = len(list(run))
        if missing:
            start = found[-1][1] if found else whole[0]
            after = known[index + size] if index + size < len(known) else None
            found += _spread(
                texts[index : index + size], (start, max(start, after[0] if after else whole[1]))
            )
        else:
            found += [span for span in known[index : index + size] if span is not None]
        index += size
    return found


def _spread(texts: Sequence[str], gap: Span) -> list[Span]:
    letters = [max(1, len(text)) for text in texts]
    ends = [
        gap[0] + (gap[1] - gap[0]) * sum(letters[: n + 1]) // sum(letters)
        for n in range(len(letters))
    ]
    return list(zip([gap[0], *ends[:-1]], ends, strict=True))
