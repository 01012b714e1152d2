"""Corrections of the recording: roles of its channels, noise and scene over a stretch."""

from collections.abc import Callable

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.finding import share_within
from earshot.analysis.corrections.lanes import Lane, labels_within
from earshot.analysis.corrections.records import Correction, Value
from earshot.analysis.corrections.rules import RECORDING, Place, Rule, equal
from earshot.analysis.findings import UNCLEAR
from earshot.analysis.report.corrected import LabelledSpan
from earshot.analysis.types import Interval

SAME_LABELS = 0.8
"""Part of a stretch that has the same labels, of one with the same answer."""


def _roles(draft: Draft, made: Correction) -> Place | None:
    roles = made.value.roles or ()
    return RECORDING if len(roles) == len(draft.report.recording.roles) else None


def _put_roles(draft: Draft, _place: Place, value: Value) -> bool:
    draft.roles, draft.roles_marked = value.roles or (), True
    return True


def _same_labels(_draft: Draft, place: Place, now: Value, then: Value) -> bool:
    place = _at(place)
    if now.stretches == then.stretches:
        return True
    wanted = then.stretches
    if wanted is None:
        wanted = (LabelledSpan(**place.model_dump(), label=then.label or ""),)
    shares = (
        share_within(_both(a, b), place)
        for a in now.stretches or ()
        for b in wanted
        if a.label == b.label
    )
    return sum(shares) >= SAME_LABELS


def _both(a: Interval, b: Interval) -> Interval:
    start = max(a.start_ms, b.start_ms)
    return Interval(start_ms=start, end_ms=max(start, min(a.end_ms, b.end_ms)))


def _of_lane(lane_of: Callable[[Draft], Lane]) -> Rule:
    """The rule of labels over time."""

    def find(draft: Draft, made: Correction) -> Place | None:
        span, answered = made.target.span, lane_of(draft).answered is not None
        there = answered and span and span.end_ms <= draft.report.recording.duration_ms
        return span if there else None

    def answer(draft: Draft, place: Place) -> Value:
        return Value(stretches=labels_within(lane_of(draft).answered or (), _at(place)))

    def current(draft: Draft, place: Place) -> Value:
        return Value(stretches=labels_within(lane_of(draft).now, _at(place)))

    def put(draft: Draft, place: Place, value: Value) -> bool:
        lane_of(draft).label(_at(place), value.label or UNCLEAR)
        return True

    return Rule(find, answer, current, _same_labels, put)


def _at(place: Place) -> Interval:
    assert isinstance(place, Interval)
    return place


ROLES = Rule(
    _roles,
    lambda draft, _place: Value(roles=draft.report.recording.roles),
    lambda draft, _place: Value(roles=draft.roles),
    equal,
    _put_roles,
)
NOISE = _of_lane(lambda draft: draft.noise)
SCENE = _of_lane(lambda draft: draft.scene)
