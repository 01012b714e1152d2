"""Corrections of the recording: roles of its channels, noise over a stretch."""

from earshot.analysis.corrections.draft import Draft, labels_within
from earshot.analysis.corrections.finding import share_within
from earshot.analysis.corrections.records import Correction, Value
from earshot.analysis.corrections.rules import RECORDING, Place, Rule, equal
from earshot.analysis.findings import UNCLEAR
from earshot.analysis.report.corrected import LabelledSpan
from earshot.analysis.report.sections import Stretch
from earshot.analysis.types import Interval

SAME_NOISE = 0.8
"""Part of a stretch that has the same labels, of one with the same noise."""


def _roles(draft: Draft, made: Correction) -> Place | None:
    roles = made.value.roles or ()
    return RECORDING if len(roles) == len(draft.report.recording.roles) else None


def _put_roles(draft: Draft, _place: Place, value: Value) -> bool:
    draft.roles, draft.roles_marked = value.roles or (), True
    return True


def _span(draft: Draft, made: Correction) -> Place | None:
    span = made.target.span
    there = draft.report.noise and span and span.end_ms <= draft.report.recording.duration_ms
    return span if there else None


def _noise_of(timeline: tuple[Stretch, ...], place: Place) -> Value:
    span = place if isinstance(place, Interval) else Interval(start_ms=0, end_ms=0)
    return Value(stretches=labels_within(timeline, span))


def _same_noise(_draft: Draft, place: Place, now: Value, then: Value) -> bool:
    if not isinstance(place, Interval):
        return False
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
    return sum(shares) >= SAME_NOISE


def _both(a: Interval, b: Interval) -> Interval:
    start = max(a.start_ms, b.start_ms)
    return Interval(start_ms=start, end_ms=max(start, min(a.end_ms, b.end_ms)))


def _put_noise(draft: Draft, place: Place, value: Value) -> bool:
    if isinstance(place, Interval):
        draft.label_noise(place, value.label or UNCLEAR)
    return isinstance(place, Interval)


ROLES = Rule(
    _roles,
    lambda draft, _place: Value(roles=draft.report.recording.roles),
    lambda draft, _place: Value(roles=draft.roles),
    equal,
    _put_roles,
)
NOISE = Rule(
    _span,
    lambda draft, at: _noise_of(draft.report.noise.timeline if draft.report.noise else (), at),
    lambda draft, at: _noise_of(tuple(draft.noise), at),
    _same_noise,
    _put_noise,
)
