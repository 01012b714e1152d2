"""What people have said of stretches of a recording, as examples to train a model on."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.layer import Standing, layered
from earshot.analysis.corrections.records import Correction
from earshot.analysis.findings import UNCLEAR, Redacted
from earshot.analysis.report.corrected import Kind
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.analysis.types import Interval

KINDS: dict[str, Kind] = {
    "emotion": "emotion",
    "noise": "noise",
    "scene": "scene",
    "sentiment": "sentiment",
    "voices": "rename",
}
"""Model of ``earshot train`` to the kind of correction that teaches it."""
LEAST_MS = 300
MOST_MS = 60_000
"""Of a longer stretch the first part is the example."""

LeftOut = Literal["conflict", "contradicted", "redacted", "too_short", "unclear"]


class Example(NamedTuple):
    """A stretch with its label."""

    correction: UUID
    version: int
    """Of the recording's corrections, in which it was made."""
    confirmed: bool
    """The person agreed with the answer."""
    label: str
    """For voices the name of the speaker."""
    start_ms: int
    end_ms: int
    channel: int | None
    """None: all together."""
    name: str | None
    """Of the speaker, where a person gave one."""


def taught(
    report: Report, corrections: Sequence[Correction], model: str
) -> tuple[list[Example], Counter[LeftOut]]:
    """The examples that the corrections of a recording hold for a model of ``KINDS``, in order of
    time, and how many were left out for which reason.

    Left out are corrections that a later round contradicts, places with two labels, what redaction
    made silent, what is shorter than ``LEAST_MS``, and the label ``unclear``.
    """
    found = layered(report, corrections)
    left: Counter[LeftOut] = Counter()
    examples: list[Example] = []
    for each in found.standings:
        if each.correction.kind != KINDS[model]:
            continue
        if each.state == "conflict":
            left["conflict"] += 1
        elif each.state == "applied":
            examples += _examples(found.draft, each)
    silent = _silent(report)
    kept = []
    for example in sorted(examples, key=lambda each: (each.start_ms, each.end_ms)):
        reason = _reason(example, examples, silent)
        if reason is None:
            kept.append(example._replace(end_ms=min(example.end_ms, example.start_ms + MOST_MS)))
        else:
            left[reason] += 1
    return kept, left


def _examples(draft: Draft, standing: Standing) -> list[Example]:
    made, place = standing.correction, standing.place
    label = made.value.label or ""
    if isinstance(place, Interval):
        before = made.replaced.stretches or ()
        confirmed = bool(before) and all(each.label == label for each in before)
        return [_example(made, confirmed, label, place, None, None)]
    if made.kind != "rename":
        turn = draft.turns[str(place)]
        confirmed = made.replaced.label == label
        return [_example(made, confirmed, label, turn, turn.channel, _name(draft, turn))]
    name = made.value.name or ""
    return [
        _example(made, False, name, turn, turn.channel, name)
        for turn in draft.turns.values()
        if _name(draft, turn) == name
    ]


def _example(
    made: Correction,
    confirmed: bool,
    label: str,
    span: Interval,
    channel: int | None,
    name: str | None,
) -> Example:
    place = (span.start_ms, span.end_ms, channel)
    return Example(made.id, made.version, confirmed, label, *place, name)


def _name(draft: Draft, turn: Turn) -> str | None:
    return draft.names.get(draft.remaining(turn.speaker))


def _silent(report: Report) -> list[Redacted]:
    stretches = report.sections.get("redaction", {}).get("stretches", [])
    return [Redacted.model_validate(each) for each in stretches]


def _reason(
    example: Example, others: Sequence[Example], silent: Sequence[Redacted]
) -> LeftOut | None:
    """Why an example is left out; None if it is not."""
    if example.label == UNCLEAR:
        return "unclear"
    if example.end_ms - example.start_ms < LEAST_MS:
        return "too_short"
    for stretch in silent:
        heard = example.channel in (None, stretch.channel)
        if heard and stretch.start_ms < example.end_ms and example.start_ms < stretch.end_ms:
            return "redacted"
    for other in others if example.channel is None else ():
        same = other.label == example.label
        if not same and other.start_ms < example.end_ms and example.start_ms < other.end_ms:
            return "contradicted"
    return None
