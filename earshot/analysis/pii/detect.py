"""Finds personal data in words: cards, IBANs, telephone numbers, addresses of e-mail, and numbers
of accounts and orders; written, and spoken digit by digit with repairs."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from earshot.analysis.pii.borders import half_addresses, touches
from earshot.analysis.pii.elements import Element, elements
from earshot.analysis.pii.email import emails
from earshot.analysis.pii.kinds import KINDS, Kind
from earshot.analysis.pii.lexicon import Lexicon, lexicon
from earshot.analysis.pii.numbers import ibans, is_card, is_phone
from earshot.analysis.pii.runs import Run, runs

LONG = 7
"""Digits of a number that is personal without any word before it."""
SHORT, CUED = 3, 4
"""The same after a word that announces a short code, and after one that announces a number."""
PHONE = 10
"""Digits of a telephone number that needs no other sign of one."""
CUE_WORDS = 10
"""Words before a number among which the announcing one is looked for."""


class Span(NamedTuple):
    """One piece of personal data. Its value is not kept."""

    kind: Kind
    start: int
    """Index of its first word, or character."""
    end: int
    """Index after its last one."""


def find(
    words: Sequence[str],
    languages: Sequence[str],
    *,
    open_start: bool = False,
    open_end: bool = False,
) -> list[Span]:
    """The personal data in words, as indexes of words; in order, without overlap.

    Args:
        words: those of one channel, or of all in order of time.
        languages: BCP 47; those that are not known are searched for figures, as every text is, and
            with the words of all known ones if no other is known.
        open_start: words before the first are missing: what may be the rest of a number is one.
        open_end: the same of words after the last.
    """
    known = lexicon(languages)
    found = elements(words, known)
    spans = [Span("email", start, end) for start, end in emails(words, known)]
    spans += [Span("iban", found[a].start, found[b - 1].end) for a, b in ibans(found)]
    cut = {"at_start": open_start, "at_end": open_end}
    spans += [Span("email", start, end) for start, end in half_addresses(words, known, **cut)]
    for run in runs(found, known):
        kind = _kind(run, found, known) or ("number" if touches(run, found, **cut) else None)
        if kind:
            spans.append(Span(kind, run.elements[0].start, run.elements[-1].end))
    return _apart(spans)


def find_in(text: str, languages: Sequence[str]) -> list[Span]:
    """The same in a text, as indexes of characters, without punctuation at the ends."""
    places = list(re.finditer(r"\S+", text))
    found = find([place[0] for place in places], languages)
    return [
        Span(span.kind, *_within(text, places[span.start].start(), places[span.end - 1].end()))
        for span in found
    ]


def redacted(text: str, languages: Sequence[str], kinds: Sequence[str] = KINDS) -> str:
    """The text with ``[card]``, ``[iban]``, ``[phone]``, ``[email]`` or ``[number]`` in place of
    what is found. Redacting it again changes nothing."""
    kept, at = [], 0
    for span in find_in(text, languages):
        if is_wanted(span.kind, kinds):
            kept += [text[at : span.start], f"[{span.kind}]"]
            at = span.end
    return "".join([*kept, text[at:]])


def is_wanted(kind: Kind, kinds: Sequence[str]) -> bool:
    """True if spans of that kind are redacted for a request of those kinds. Every number is, for a
    request of any kind of number: what kind it is remains uncertain, once a digit was repaired or
    misrecognised."""
    return kind in kinds if kind == "email" else bool(set(kinds) - {"email"})


def _within(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start + 1 and text[end - 1] in ".,;:!?\"')":
        end -= 1
    while start < end - 1 and text[start] in "\"'(":
        start += 1
    return start, end


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap are one, of the kind of the longest."""
    apart: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, -each.end)):
        last = apart[-1] if apart else None
        if last and span.start < last.end:
            kind = max(last, span, key=lambda each: each.end - each.start).kind
            apart[-1] = Span(kind, last.start, max(last.end, span.end))
        else:
            apart.append(span)
    return apart


def _kind(run: Run, found: Sequence[Element], known: Lexicon) -> Kind | None:
    """What the number is; None if it is no personal data."""
    digits = run.digits
    cue = _cue(run, found, known)
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
