"""Words as elements: groups of digits, letters, words between them, and what ends a number."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from earshot.analysis.pii.lexicon import Lexicon, plain
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
_AMOUNT = re.compile(r"^\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?$|^\d+[.,]\d{1,2}$|^\d+,\d+$")
_TIME = re.compile(r"^\d{1,2}(?:[:h]\d{2}(?::\d{2})?|h|am|pm|[:]\d{2}[ap]m)$")
_DATE = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})$|^\d{4}-(\d{2})-(\d{2})$")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th|er|ere|e|eme|ieme)$")
_FIGURES = re.compile(r"^[+(]*\d[\d\s().,/:+-]*$")
_MIXED = re.compile(r"^(?=.*\d)(?=.*[a-z])[a-z0-9/-]+$")
_PARTS = re.compile(r"[-'_/ ]+")


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
    while at < len(tokens):
        token = tokens[at]
        if token.text[-1:].isdigit() or any(c.isdigit() for c in token.text):
            yield from _written(token)
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


def _written(token: Token) -> Iterator[Element]:
    """Elements of a word with digits in it."""
    text, place = token.text, (token.word, token.word + 1)
    if any(rule.search(text) for rule in (_MONEY, _AMOUNT, _TIME, _ORDINAL)) or _is_date(text):
        yield Element(Form.STOP, text, *place)
    elif _FIGURES.match(text):
        for group in re.findall(r"\d+", text):
            yield Element(Form.DIGITS, group, *place)
    elif _MIXED.match(text):
        for part in re.findall(r"\d+|[a-z]+", text):
            yield Element(Form.DIGITS if part.isdigit() else Form.LETTERS, part, *place)
    else:
        yield Element(Form.WORD, text, *place)


def _is_date(text: str) -> bool:
    found = _DATE.match(text)
    if not found:
        return False
    first, second = (int(part) for part in found.groups() if part is not None)
    return min(first, second) in range(1, 13) and max(first, second) in range(1, 32)
