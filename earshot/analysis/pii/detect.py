"""Finds personal data in words: cards, IBANs, telephone numbers, addresses of e-mail, and numbers
of accounts and orders; written, and spoken digit by digit with repairs."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from earshot.analysis.pii.borders import half_addresses, half_amounts, touches
from earshot.analysis.pii.elements import elements
from earshot.analysis.pii.email import domains, emails
from earshot.analysis.pii.identifiers import ibans, kind_of
from earshot.analysis.pii.kinds import KINDS, Kind
from earshot.analysis.pii.lexicon import lexicon
from earshot.analysis.pii.runs import dense, runs


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
    taken = {at for span in spans for at in range(span.start, span.end)}
    spans += [
        Span("email", start, end) for start, end in domains(words, known) if end - 1 not in taken
    ]
    spans += [Span("iban", found[a].start, found[b - 1].end) for a, b in ibans(found)]
    cut = {"at_start": open_start, "at_end": open_end}
    spans += [Span("email", start, end) for start, end in half_addresses(words, known, **cut)]
    spans += [Span("number", start, end) for start, end in half_amounts(found, **cut)]
    for run in runs(found, known):
        kind = kind_of(run, found, known) or ("number" if touches(run, found, **cut) else None)
        if kind:
            spans.append(Span(kind, run.elements[0].start, run.elements[-1].end))
    for first, end in dense(found, known):
        start, last = found[first].start, found[end - 1].end
        inside = [each for each in spans if each.start < last and start < each.end]
        kind = max(inside, key=lambda each: each.end - each.start).kind if inside else "number"
        spans.append(Span(kind, start, last))
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
