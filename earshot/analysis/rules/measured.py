"""Conditions over labels, stretches and figures."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from earshot.analysis.report.categories import Hit, HitKind
from earshot.analysis.rules.conditions import (
    Emotion,
    Figure,
    HoldMusic,
    Interruptions,
    Length,
    Overtalk,
    Sentiment,
    Silence,
    Sound,
    Topic,
)
from earshot.analysis.rules.facts import Facts, of_mappings
from earshot.analysis.rules.verdict import NO, Verdict, counted, undecided
from earshot.analysis.rules.within import Within

PARTS = {"voice": "sentiment", "text": "text_sentiment", "fusion": "fusion"}
"""Which sentiment to the field of a turn that has it."""


def labelled(condition: Emotion | Sentiment, facts: Facts, path: str) -> Verdict:
    """Undecided where no turn of the part has an answer, though there are turns."""
    if condition.role is not None and condition.role not in facts.roles:
        return undecided("no_roles")
    kind: HitKind = "emotion" if isinstance(condition, Emotion) else "sentiment"
    wanted = condition.emotion if isinstance(condition, Emotion) else condition.sentiment
    part = "emotion" if isinstance(condition, Emotion) else PARTS[condition.of]
    turns = list(facts.turns_of(condition.role, condition.within))
    answers = [(turn, turn.label(part)) for turn in turns]
    hits = (
        Hit(
            condition=path,
            kind=kind,
            turn=turn.id,
            role=turn.role,
            start_ms=turn.span[0],
            end_ms=turn.span[1],
            value={"label": answer.label, "confidence": answer.confidence},
        )
        for turn, answer in answers
        if answer and answer.label in wanted and _sure(answer.confidence, condition.min_confidence)
    )
    scored = any(answer for _, answer in answers)
    return counted(hits, condition.count, NO if scored or not turns else undecided("not_scored"))


def sounding(condition: Sound, facts: Facts, path: str) -> Verdict:
    """Undecided where neither scene nor noise answered."""
    start, end = facts.part(condition.within)
    sounds = [*facts.mappings("sounds"), *facts.mappings("emergencies")]
    hits = (
        _stretch(each, path, "sound", None, label=each["label"], confidence=each.get("confidence"))
        for each in sounds
        if each.get("label") in condition.sound
        and _meets(each, start, end)
        and _sure(each.get("confidence"), condition.min_confidence)
    )
    asked = facts.answered is None or facts.answered & {"scene", "noise"} or sounds
    return counted(hits, condition.count, NO if asked else undecided("not_analysed"))


def about(condition: Topic, facts: Facts, path: str) -> Verdict:
    """Undecided where the report has no topics at all."""
    if not isinstance(facts.report.get("topics"), Mapping):
        return undecided("no_topics")
    start, end = facts.part(condition.within)
    hits = (
        Hit(
            condition=path,
            kind="topic",
            turn=place.get("turn"),
            role=place.get("role"),
            start_ms=place["start_ms"],
            end_ms=place["end_ms"],
            value={"label": label},
        )
        for label, place in _topics(facts, condition.topic)
        if _meets(place, start, end) and condition.role in (None, place.get("role"))
    )
    return counted(hits, condition.count)


def _topics(facts: Facts, wanted: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mention of the wanted topics."""
    for topic in of_mappings(facts.report["topics"].get("topics")):
        label = next((topic[name] for name in ("id", "label") if topic.get(name) in wanted), None)
        if label is not None:
            for mention in of_mappings(topic.get("mentions")):
                yield label, mention


def stretched(
    condition: Silence | HoldMusic | Overtalk | Interruptions, facts: Facts, path: str
) -> Verdict:
    """Undecided where the report has no figures, or, for several who speak at once, where the
    speakers are not separated."""
    conversation = facts.conversation
    if conversation is None:
        return undecided("not_analysed")
    kind: HitKind
    wanted: tuple[str, ...]
    role: str | None = None
    match condition:
        case Silence():
            kind, wanted, length = "silence", ("silence",), condition.silence
        case HoldMusic():
            kind, wanted, length = "hold_music", ("hold_music",), condition.hold_music
            if (conversation.get("total") or {}).get("hold_music_ms") is None:
                return undecided("not_analysed")
        case Overtalk():
            kind, role, length = "overtalk", condition.role, condition.overtalk
            wanted = ("interruption", "back_channel", "other")
        case Interruptions():
            kind, role, length = "interruptions", condition.role, condition.interruptions
            wanted = ("interruption",)
    of_sides = kind in ("overtalk", "interruptions")
    if of_sides and conversation.get("source") == "mixed":
        return undecided("not_analysed")
    if role is not None and role not in facts.roles:
        return undecided("no_roles")
    found = [
        each
        for each in of_mappings(conversation.get("overlaps" if of_sides else "quiet"))
        if each.get("kind") in wanted and role in (None, each.get("by"))
    ]
    return _long_enough(found, length, condition.within, condition.count, facts, path, kind)


def _long_enough(
    found: Iterable[Mapping[str, Any]],
    length: Length,
    within: Within | None,
    count: int,
    facts: Facts,
    path: str,
    kind: HitKind,
) -> Verdict:
    start, end = facts.part(within)
    least = (length.each_sec or 0) * 1000
    kept = [
        each
        for each in found
        if each["end_ms"] - each["start_ms"] >= least and _meets(each, start, end)
    ]
    total = sum(min(each["end_ms"], end) - max(each["start_ms"], start) for each in kept)
    if total < (length.total_sec or 0) * 1000 or total < (length.of_call or 0) * (end - start):
        return NO
    return counted(
        (
            _stretch(each, path, kind, each.get("by"), ms=float(each["end_ms"] - each["start_ms"]))
            for each in kept
        ),
        count,
    )


def figured(condition: Figure, facts: Facts, path: str) -> Verdict:
    """Undecided where the report does not have the figure, or no participant of the role."""
    if facts.conversation is None:
        return undecided("not_analysed")
    side = facts.conversation.get("total")
    if condition.role is not None:
        side = next(
            (
                each
                for each in of_mappings(facts.conversation.get("participants"))
                if each.get("role") == condition.role
            ),
            None,
        )
        if side is None:
            return undecided("no_roles")
    value = _figure(side if isinstance(side, Mapping) else {}, condition.figure)
    if value is None:
        return undecided("not_analysed")
    low, high = condition.at_least, condition.at_most
    if (low is not None and value < low) or (high is not None and value > high):
        return NO
    whole = {"start_ms": 0, "end_ms": facts.duration_ms}
    hit = _stretch(whole, path, "figure", condition.role, figure=condition.figure, value=value)
    return counted([hit], 1)


def _figure(side: Mapping[str, Any], name: str) -> float | None:
    inner = {
        "response_gap_ms": ("response_gap", "median_ms"),
        "words_per_minute": ("words_per_minute", "value"),
        "loudness_lufs": ("loudness", "lufs"),
        "sentiment_shift": ("sentiment_shift", "value"),
    }.get(name)
    found: Any = side.get(name) if inner is None else (side.get(inner[0]) or {}).get(inner[1])
    return found if isinstance(found, int | float) else None


def _stretch(
    each: Mapping[str, Any],
    path: str,
    kind: HitKind,
    role: str | None,
    **value: str | float | None,
) -> Hit:
    return Hit(
        condition=path,
        kind=kind,
        role=role,
        start_ms=each["start_ms"],
        end_ms=each["end_ms"],
        value=value,
    )


def _meets(each: Mapping[str, Any], start: int, end: int) -> bool:
    return bool(each["start_ms"] < end and each["end_ms"] > start)


def _sure(confidence: float | None, least: float | None) -> bool:
    return least is None or (confidence is not None and confidence >= least)
