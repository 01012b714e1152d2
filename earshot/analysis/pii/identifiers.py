"""What a run of digits is: a card, a telephone number, another identifier, or a count."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from earshot.analysis.pii.elements import Element, Form
from earshot.analysis.pii.kinds import Kind
from earshot.analysis.pii.lexicon import Lexicon, iban_lengths
from earshot.analysis.pii.numbers import PHONE, is_card, is_iban, is_phone

LONG = 7
"""Digits of a number that is personal without any word before it."""
SHORT, CUED = 3, 4
"""The same after a word that announces a short code, and after one that announces a number."""
CUE_WORDS = 10
"""Words before a number among which the announcing one is looked for."""


class Run(NamedTuple):
    """One number, as it was spoken."""

    elements: tuple[Element, ...]
    """From its first group to its last, with the words between them."""
    first: int
    """Index of the first element among all."""
    last: int
    """Index of the last one."""

    @property
    def groups(self) -> list[Element]:
        return [each for each in self.elements if each.form is Form.DIGITS]

    @property
    def digits(self) -> str:
        return "".join(group.text for group in self.groups)


def ibans(found: Sequence[Element]) -> Iterator[tuple[int, int]]:
    """First element, and the element after the last, of every IBAN that is not interrupted."""
    for first in range(len(found)):
        text = ""
        for at in range(first, len(found)):
            text += found[at].text
            length = iban_lengths().get(text[:2].upper(), 0) if len(text) > 1 else 2
            if len(text) > length or found[at].form is Form.STOP:
                break
            if len(text) == length and is_iban(text):
                yield first, at + 1


def kind_of(
    run: Run, found: Sequence[Element], known: Lexicon, *, cued: bool = True
) -> Kind | None:
    """What the number is; None if it is no personal data.

    Args:
        run: one number.
        found: all elements.
        known: what is known of the language.
        cued: a word before it that announces a number makes it one.
    """
    digits = run.digits
    cue = _cue(run, found, known) if cued else 0
    if len(digits) < (cue or LONG) or (len(digits) < LONG and not _is_one(run)):
        return None
    readings = (digits, _once(digits))
    if any(is_card(each) for each in readings):
        return "card"
    full = [each for each in readings if len(each) >= PHONE or _is_identifier(run)]
    if any(is_phone(each, known.regions) for each in full):
        return "phone"
    return "number" if cue or _is_identifier(run) or _holds_phone(run, known) else None


def _once(digits: str) -> str:
    """Digits without the repetition of the whole number."""
    half = len(digits) // 2
    return digits[:half] if digits[:half] == digits[half:] else digits


def _holds_phone(run: Run, known: Lexicon) -> bool:
    """True if consecutive groups are a telephone number of full length."""
    groups = [group.text for group in run.groups]
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) >= PHONE and is_phone(digits, known.regions):
                return True
    return False


def _is_one(run: Run) -> bool:
    """True if few digits are one number: together, or spelled; not two numbers in a sentence."""
    sizes = [len(group.text) for group in run.groups]
    together = len(sizes) == len(run.elements)
    return together or max(sizes) >= 3 or sizes.count(1) >= 3


def _is_identifier(run: Run) -> bool:
    """True if the digits are spelled as those of an identifier, not counted."""
    groups = run.groups
    sizes = [len(group.text) for group in groups]
    return (
        any(group.text.startswith("0") for group in groups)
        or sizes.count(1) >= 4
        or max(sizes) >= 5
        or sizes.count(4) >= 3
        or any(
            len(set(group.text)) == 1 and len(group.text) in (2, 3)
            for group in groups
            if group.spoken
        )
    )


def _cue(run: Run, found: Sequence[Element], known: Lexicon) -> int:
    """Digits that the number must have after what announces it; 0 if nothing does."""
    before = [each.text for each in found[max(0, run.first - CUE_WORDS) : run.first]]
    padded = f" {' '.join(before)} "
    if any(f" {' '.join(cue)} " in padded for cue in known.short_cues):
        return SHORT
    return CUED if known.cues & set(before) else 0
