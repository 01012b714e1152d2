"""Divides a window without a pause between two of its words."""

from dataclasses import replace
from typing import NamedTuple

from earshot.live.listening import Heard, Look
from earshot.live.segment import samples

LATEST = samples(1_000)
"""Sound at the end of the window that is recognised again: its last words may be cut off."""


class Part(NamedTuple):
    """The first part of a window; ``heard`` is None where it has no words."""

    look: Look
    heard: Heard | None


def divide(look: Look, heard: Heard, committed: int) -> Part:
    """The part up to the end of a word: of those that end ``LATEST`` before the end of the window,
    the one with the longest pause behind it, late ones first; but never before the committed
    words. Where no word is known, all of it."""
    size = len(look.samples)
    if not heard.words:
        return Part(look, heard if heard.suppressed else None)
    ends = [samples(span[1]) for span, _ in heard.times]
    starts = [*(samples(span[0]) for span, _ in heard.times[1:]), size]
    allowed = [
        index
        for index in range(max(0, committed - 1), len(ends))
        if size // 2 <= ends[index] <= size - LATEST
    ]
    if not allowed:
        allowed = [max(committed, len(ends)) - 1]
    best = max(allowed, key=lambda index: (starts[index] - ends[index], index))
    middle = min(size, (ends[best] + starts[best]) // 2) if best + 1 < len(ends) else size
    words, times = heard.words[: best + 1], heard.times[: best + 1]
    part = replace(look, samples=look.samples[:middle])
    return Part(part, replace(heard, words=words, times=times))
