"""Reads the number that a run of words begins with: a digit, "double five", "twenty-three",
"soixante-dix-huit". Numbers of this length are read as groups of digits, not as sums."""

from collections.abc import Sequence
from typing import NamedTuple

from earshot.analysis.pii.lexicon import Lexicon


class Number(NamedTuple):
    """The number at the beginning of some words."""

    digits: str
    tokens: int
    """Number of words that it takes."""
    magnitude: bool = False
    """It is in thousands or more: an amount."""


def number(words: Sequence[str], lexicon: Lexicon) -> Number | None:
    """The number that the words begin with; None if they begin with none."""
    if not words:
        return None
    found = _repeated(words, lexicon) or _hundreds(words, lexicon)
    if found is None:
        if words[0] in lexicon.magnitudes:
            return Number("1000", 1, magnitude=True)
        return None
    after = found.tokens
    if words[after : after + 1] and words[after] in lexicon.magnitudes:
        rest = number(words[after + 1 :], lexicon)
        return Number(found.digits + "000", after + 1 + (rest.tokens if rest else 0), True)
    return found


def _repeated(words: Sequence[str], lexicon: Lexicon) -> Number | None:
    """ "Double five"; "trois fois le sept"."""
    count, taken = lexicon.repeats.get(words[0], 0), 1
    if not count and words[1:2] and words[1] in lexicon.times:
        count, taken = lexicon.units.get(words[0], 0), 2
        taken += words[2:3] in (["le"], ["un"]) and len(words) > 3
    if not count or words[taken : taken + 1] == []:
        return None
    digit = lexicon.units.get(words[taken])
    if digit is None and words[taken].isdigit() and len(words[taken]) == 1:
        digit = int(words[taken])
    return None if digit is None else Number(str(digit) * count, taken + 1)


def _hundreds(words: Sequence[str], lexicon: Lexicon) -> Number | None:
    if words[0] in lexicon.hundred:
        if words[0] == "hundred":
            return None
        first = Number("1", 0)
    else:
        below = _below_hundred(words, lexicon)
        if below is None or words[below.tokens : below.tokens + 1] == []:
            return below
        if words[below.tokens] not in lexicon.hundred:
            return below
        first = below
    taken = first.tokens + 1
    joined = words[taken : taken + 1] and words[taken] in lexicon.joins
    rest = _below_hundred(words[taken + bool(joined) :], lexicon)
    if rest is None or rest.digits.startswith("0") or (len(rest.digits) == 1 and not joined):
        # "eight hundred five" is 8 0 0 5 as often as 805: the groups stay apart
        return Number(f"{first.digits}00", taken)
    value = int(first.digits) * 100 + int(rest.digits)
    return Number(str(value), taken + bool(joined) + rest.tokens)


def _below_hundred(words: Sequence[str], lexicon: Lexicon) -> Number | None:
    if not words:
        return None
    word, after = words[0], list(words[1:])
    if word in lexicon.teens:
        return Number(str(lexicon.teens[word]), 1)
    if word in lexicon.units and after[:1] and f"{word} {after[0]}" in lexicon.reach_19:
        return _with_rest(80, 2, words, lexicon, reach=True)
    if word in lexicon.tens:
        return _with_rest(lexicon.tens[word], 1, words, lexicon, reach=word in lexicon.reach_19)
    if word in lexicon.units:
        return Number(str(lexicon.units[word]), 1)
    return None


def _with_rest(
    value: int, taken: int, words: Sequence[str], lexicon: Lexicon, *, reach: bool
) -> Number:
    joined = bool(words[taken : taken + 1]) and words[taken] in lexicon.joins and value != 10
    rest = words[taken + joined :]
    if joined and "et" not in lexicon.joins:
        return Number(str(value), taken)
    small = lexicon.units.get(rest[0], 0) if rest else 0
    if reach and rest and rest[0] in (*lexicon.teens, "dix"):
        inner = _below_hundred(rest, lexicon)
        assert inner is not None
        return Number(str(value + int(inner.digits)), taken + joined + inner.tokens)
    if value == 10 and small not in (7, 8, 9):
        return Number("10", taken)
    if small and (not joined or small == 1):
        return Number(str(value + small), taken + joined + 1)
    return Number(str(value), taken)
