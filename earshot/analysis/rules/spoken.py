"""Conditions over what is spoken."""

from collections.abc import Iterator
from typing import NamedTuple

from earshot.analysis.report.categories import Hit
from earshot.analysis.rules.conditions import Regex, Words
from earshot.analysis.rules.facts import Facts, Turn
from earshot.analysis.rules.folding import can_be_in, letters, phrase, places, word_ends, words_at
from earshot.analysis.rules.patterns import found
from earshot.analysis.rules.verdict import NO, Verdict, counted, undecided


class Place(NamedTuple):
    """Where a turn has a phrase or a match of an expression: its letters, without spaces."""

    first: int
    end: int
    phrase: str | None
    """None for an expression: what matches it may be a number that must not be copied."""


def spoken(condition: Words | Regex, facts: Facts, path: str) -> Verdict:
    """Undecided where it is not found, and speech that it could be in was not transcribed."""
    if condition.role is not None and condition.role not in facts.roles:
        return undecided("no_roles")
    hits = _hits(condition, facts, path)
    silent = facts.answered is not None and "asr" not in facts.answered | facts.skipped
    if silent or not all(
        turn.transcribed for turn in facts.turns_of(condition.role, condition.within)
    ):
        return counted(hits, condition.count, undecided("not_transcribed"))
    return counted(hits, condition.count, NO)


def touched(condition: Words | Regex, facts: Facts) -> Iterator[str]:
    """Ids of the turns whose words decide on the condition."""
    for turn in facts.turns_of(condition.role, condition.within):
        if next(in_turn(condition, turn), None) is not None:
            yield turn.id


def in_turn(condition: Words | Regex, turn: Turn) -> Iterator[Place]:
    """The places of a turn, at any time."""
    if isinstance(condition, Words):
        for each in condition.words:
            if not can_be_in(turn.text, phrase(each)):
                continue
            for first, end in places(turn.folded, phrase(each)):
                yield Place(first, end, each)
    else:
        for start, stop in found(condition.regex, condition.case_sensitive, turn.text):
            first = letters(turn.text[:start])
            yield Place(first, first + letters(turn.text[start:stop]), None)


def _hits(condition: Words | Regex, facts: Facts, path: str) -> Iterator[Hit]:
    start, end = facts.part(condition.within)
    for turn in facts.turns_of(condition.role, condition.within):
        inside = list(in_turn(condition, turn))
        if not inside:  # the words of such turns are not read
            continue
        ends, count = word_ends([each["text"] for each in turn.words]), letters(turn.text)
        for place in inside:
            hit, confidence = _placed(turn, place, words_at(ends, count, place[:2]), path)
            if not start <= hit.start_ms < end:
                continue
            if condition.min_confidence is None or (
                confidence is not None and confidence >= condition.min_confidence
            ):
                yield hit


def _placed(
    turn: Turn, place: Place, found: tuple[int, int] | None, path: str
) -> tuple[Hit, float | None]:
    words = turn.words
    value = {} if place.phrase is None else {"phrase": place.phrase}
    kind = "regex" if place.phrase is None else "words"
    facts = {"condition": path, "kind": kind, "turn": turn.id, "role": turn.role}
    if found is None:
        hit = Hit.model_validate(
            {**facts, "start_ms": turn.span[0], "end_ms": turn.span[1], "value": value}
        )
        return hit, None
    first, last = found
    confidence = sum(each["confidence"] for each in words[first : last + 1]) / (last + 1 - first)
    times = {"start_ms": words[first]["start_ms"], "end_ms": words[last]["end_ms"]}
    places_ = {"first_word": first, "last_word": last}
    value = {**value, "confidence": round(confidence, 4)}
    return Hit.model_validate({**facts, **times, **places_, "value": value}), confidence
