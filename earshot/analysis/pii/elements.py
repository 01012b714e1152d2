"""Words as elements: groups of digits, letters, words between them, and what ends a number."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from earshot.analysis.pii.lexicon import Lexicon, plain
from earshot.analysis.pii.numbers import LONGEST_CARD, PHONE, is_card, is_phone
from earshot.analysis.pii.spoken import number


class Form(Enum):
    """What an element is to a number around it."""

    DIGITS = "digits"
    LETTERS = "letters"
    """One spelled letter, or those of a word of letters and digits."""
    BRIDGE = "bridge"
    """A word that may stand within a number."""
    WORD = "word"
    STOP = "stop"
    """What no number continues over: an amount, a date, a unit, a month."""


class Element(NamedTuple):
    """One or several words with one meaning."""

    form: Form
    text: str
    """Digits, letters, or the word as it is looked up."""
    start: int
    """Index of its first word."""
    end: int
    """Index after its last word."""
    spoken: bool = False
    """Digits that were words."""


class Token(NamedTuple):
    """A part of a word, as it is looked up."""

    text: str
    word: int


_EDGES = re.compile(r"^[^\w@+$€£(]+|[^\w@%€$£)]+$")
_MONEY = re.compile(r"^[$€£]\d|\d[€$£%]$")
_THOUSANDS = re.compile(r"^[$€£]?\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?[$€£%]?$")
_AMOUNT = re.compile(r"^\d+[.,]\d{1,2}$|^\d+,\d+$")
_TIME = re.compile(r"^\d{1,2}(?:[:h]\d{2}(?::\d{2})?|h|am|pm|[:]\d{2}[ap]m)$")
_DATE = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})$|^\d{4}-(\d{2})-(\d{2})$")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th|er|ere|e|eme|ieme)$")
_FIGURES = re.compile(r"^[+(]*\d[\d\s().,/:+-]*$")
_ADDRESS = re.compile(r"\S@\S+\.\w")
_MIXED = re.compile(r"^(?=.*\d)(?=.*[a-z])[a-z0-9/-]+$")
_PARTS = re.compile(r"[-'_/ ]+")
AMOUNT_DIGITS, THOUSANDS_DIGITS = 7, 12
"""Most digits of an amount, and of one with a mark between its thousands."""


def elements(words: Sequence[str], lexicon: Lexicon) -> list[Element]:
    """The elements of the words, in order; every word is in one at least, unless it holds neither
    letter nor digit."""
    return list(_elements(list(_tokens(words)), lexicon))


def is_digits(text: str, lexicon: Lexicon) -> bool:
    """True for a word that is digits, in figures or spoken."""
    found = elements([text], lexicon)
    return bool(found) and all(each.form is Form.DIGITS for each in found)


def _tokens(words: Sequence[str]) -> Iterator[Token]:
    for index, word in enumerate(words):
        text = _EDGES.sub("", plain(word))
        if any(character.isdigit() for character in text):
            yield Token(text, index)
        else:
            yield from (Token(part, index) for part in _PARTS.split(text) if part)


def _elements(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Element]:
    at = 0
    whole = _completed(tokens, lexicon)
    while at < len(tokens):
        token = tokens[at]
        if any(c.isdigit() for c in token.text):
            yield from _written(token, lexicon, stops=at not in whole)
            at += 1
            continue
        found = number([each.text for each in tokens[at : at + 12]], lexicon)
        if found is not None:
            last = tokens[at + found.tokens - 1]
            form = Form.STOP if found.magnitude else Form.DIGITS
            yield Element(form, found.digits, token.word, last.word + 1, spoken=True)
            at += found.tokens
            continue
        yield Element(_form(token.text, lexicon), token.text, token.word, token.word + 1)
        at += 1


def _form(text: str, lexicon: Lexicon) -> Form:
    if text in lexicon.units_after or text in lexicon.months:
        return Form.STOP
    if text in lexicon.bridge:
        return Form.BRIDGE
    if len(text) == 1 and text.isalpha():
        return Form.LETTERS
    return Form.WORD


def _written(token: Token, lexicon: Lexicon, *, stops: bool) -> Iterator[Element]:
    """Elements of a word with digits in it; an amount is digits where it is no stop."""
    text, place = token.text, (token.word, token.word + 1)
    if stops and _is_stop(text):
        yield Element(Form.STOP, text, *place)
    elif _ADDRESS.search(text):
        yield Element(Form.WORD, text, *place)
    elif _MIXED.match(text):
        for part in re.findall(r"\d+|[a-z]+", text):
            yield Element(Form.DIGITS if part.isdigit() else Form.LETTERS, part, *place)
    else:
        for part in re.findall(r"\d+|[^\W\d_]+", text):
            yield Element(Form.DIGITS if part.isdigit() else _form(part, lexicon), part, *place)


def _is_stop(text: str) -> bool:
    """True for an amount, a time, a date or an ordinal: what is longer than one is a number."""
    digits = sum(each.isdigit() for each in text)
    if _THOUSANDS.match(text):
        return digits <= THOUSANDS_DIGITS
    short = digits <= AMOUNT_DIGITS
    return (short and any(rule.search(text) for rule in (_MONEY, _AMOUNT, _TIME, _ORDINAL))) or (
        _is_date(text)
    )


def _completed(tokens: Sequence[Token], lexicon: Lexicon) -> set[int]:
    """Indexes of the tokens in figures that are a card or a telephone number together, although
    some of them look like amounts, times or dates."""
    found: set[int] = set()
    figures = [bool(_FIGURES.match(token.text.strip("$€£%"))) for token in tokens]
    stops = [figure and _is_stop(each.text) for figure, each in zip(figures, tokens, strict=True)]
    for first in range(len(tokens)):
        digits, amounts = "", 0
        for at in range(first, len(tokens)):
            if not figures[at] or len(digits) > LONGEST_CARD:
                break
            digits += "".join(each for each in tokens[at].text if each.isdigit())
            amounts += stops[at]
            texts = [each.text for each in tokens[first : at + 1]]
            if amounts and (is_card(digits) or _is_phone(digits, texts, lexicon)):
                found |= set(range(first, at + 1))
    return found


def _is_phone(digits: str, texts: Sequence[str], lexicon: Lexicon) -> bool:
    """True for a telephone number of full length; also one outside of the numbering plan, which
    is misrecognised, if it begins with a zero as no amount does and holds no time or date."""
    if len(digits) < PHONE:
        return False
    dated = any(_is_date(text) or _TIME.match(text) for text in texts)
    return (digits[0] == "0" and not dated) or is_phone(digits, lexicon.regions)


def _is_date(text: str) -> bool:
    found = _DATE.match(text)
    if not found:
        return False
    first, second = (int(part) for part in found.groups() if part is not None)
    return min(first, second) in range(1, 13) and max(first, second) in range(1, 32)
