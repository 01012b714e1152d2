"""Words with times for a corrected text: those that stay keep theirs, others are spread between."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from earshot.analysis.report.sections import SpokenWord
from earshot.analysis.types import Interval
from earshot.analysis.words.spelling import compared, unspaced

SURE = 1.0
"""Confidence of a word that a person wrote."""


def timed(text: str, words: Sequence[SpokenWord], span: Interval) -> tuple[SpokenWord, ...]:
    """The words of ``text`` with times within ``span``.

    Args:
        words: the recognised ones, in order of time.
        span: of the turn.
    """
    written = split(text)
    before = [compared(word.text) for word in words]
    made: list[SpokenWord] = []
    matcher = SequenceMatcher(None, before, [compared(each) for each in written])
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(words[first:last], written[start:end], strict=True)
            made += [_kept(word, each) for word, each in pairs]
        elif start < end:
            made += _spread(written[start:end], _place(words, first, last, span))
    return tuple(made)


def _kept(word: SpokenWord, text: str) -> SpokenWord:
    return word if word.text == text else word.model_copy(update={"text": text, "confidence": SURE})


def _place(words: Sequence[SpokenWord], first: int, last: int, span: Interval) -> tuple[int, int]:
    """The time of the replaced words, or of the pause between two words."""
    if first < last:
        return words[first].start_ms, max(word.end_ms for word in words[first:last])
    start = max((word.end_ms for word in words[:first]), default=span.start_ms)
    end = words[first].start_ms if first < len(words) else span.end_ms
    return min(start, end), end


def _spread(texts: Sequence[str], place: tuple[int, int]) -> list[SpokenWord]:
    """The words over that time, each with a part of it by its length."""
    start, end = place
    ends, total = [0], sum(map(len, texts))
    for text in texts:
        ends.append(ends[-1] + len(text))
    return [
        SpokenWord(
            text=text,
            start_ms=start + (end - start) * ends[at] // total,
            end_ms=start + (end - start) * ends[at + 1] // total,
            confidence=SURE,
            timing="interpolated",
        )
        for at, text in enumerate(texts)
    ]


def split(text: str) -> list[str]:
    """The words of a text: between spaces, and the characters of scripts without them, each with
    the punctuation behind it."""
    return [word for part in text.split() for word in _split(part)]


def _split(part: str) -> list[str]:
    words = [""]
    for character in part:
        spaced = not unspaced(character)
        marks = unicodedata.category(character)[0] in "PM"
        if words[-1] and not marks and not (spaced and not unspaced(words[-1][-1:])):
            words.append(character)
        else:
            words[-1] += character
    return words
