"""Gives a turn or a stretch of noise a label, as a correction."""

from typing import NamedTuple
from uuid import UUID, uuid4, uuid5

from earshot.analysis.corrections.changes import Change, ChangeEmotion, ChangeNoise, TurnPlace
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.events import NAMESPACE
from earshot.analysis.report.report import Report
from earshot.pipeline.correcting.changes import make
from earshot.pipeline.correcting.opened import ChangedMeanwhile, Edition
from earshot.storage.postgres import corrections
from earshot.storage.postgres.db import Connection


class Place(NamedTuple):
    """Where a label belongs."""

    at_ms: int
    """Within the turn or stretch."""
    until_ms: int | None = None
    """Of noise: its end, with ``at_ms`` as its beginning; None: the answered stretch."""
    channel: int | None = None
    """Of a turn, where several have this time."""


class Given(NamedTuple):
    """A label that was given."""

    start_ms: int
    end_ms: int
    channel: int | None
    before: str | None
    """What the report said; None: several labels, or none."""
    changed: bool
    """False if a person had said the same before."""


def give(
    connection: Connection, recording_id: UUID, analysis: str, place: Place, label: str, by: str
) -> Given:
    """Corrects the label at a place, or confirms it where it is the answer.

    Args:
        analysis: ``emotion`` or ``noise``.
        by: name of the author.

    Raises:
        Misconfigured: ``analysis``, its labels cannot be corrected.
        Permanent: ``no_such_turn``, ``ambiguous_turn``, ``no_such_label``, ``no_noise``,
            ``out_of_range``, ``no_report``, ``still_open``; ``changed_meanwhile``.
    """
    found = corrections.read(connection, recording_id)
    if found is None:
        raise Permanent("no_report", "the recording has no report to correct")
    report = Report.model_validate(found.report())
    if analysis == "emotion":
        change, given = _turn(report, place, label)
    elif analysis == "noise":
        change, given = _stretch(report, place, label)
    else:
        raise Misconfigured("analysis", f"{analysis}: labels are given for emotion and noise")
    seen = Edition(found.round, found.version)
    author = str(uuid5(NAMESPACE, f"user {by}"))
    try:
        done = make(connection, recording_id, change, seen.__eq__, author, by=by, confirms=True)
    except ChangedMeanwhile as error:
        raise Permanent("changed_meanwhile", "the report changed meanwhile; try again") from error
    return given._replace(changed=done.changed)


def _turn(report: Report, place: Place, label: str) -> tuple[Change, Given]:
    found = [
        turn
        for turn in report.turns
        if turn.start_ms <= place.at_ms < turn.end_ms and place.channel in (None, turn.channel)
    ]
    if not found:
        raise Permanent("no_such_turn", f"no turn is at {place.at_ms / 1000:.3f} s")
    if len(found) > 1:
        there = ", ".join(f"{turn.id} on channel {turn.channel}" for turn in found)
        raise Permanent(
            "ambiguous_turn", f"several turns are at {place.at_ms / 1000:.3f} s: {there}"
        )
    [turn] = found
    span = {"channel": turn.channel, "start_ms": turn.start_ms, "end_ms": turn.end_ms}
    at = TurnPlace(**span, speaker=turn.speaker)
    before = turn.emotion.label if turn.emotion else None
    change = ChangeEmotion(id=uuid4(), kind="emotion", turn=at, label=label)
    return change, Given(**span, before=before, changed=False)


def _stretch(report: Report, place: Place, label: str) -> tuple[Change, Given]:
    timeline = report.noise.timeline if report.noise else ()
    at = place.at_ms
    there = next((each for each in timeline if each.start_ms <= at < each.end_ms), None)
    if place.until_ms is not None:
        span = (at, place.until_ms)
    elif there is not None:
        span = (there.start_ms, there.end_ms)
    else:
        raise Permanent("no_noise", f"noise has no answer at {at / 1000:.3f} s")
    within = {each.label for each in timeline if each.start_ms < span[1] and span[0] < each.end_ms}
    change = ChangeNoise(id=uuid4(), kind="noise", start_ms=span[0], end_ms=span[1], label=label)
    before = within.pop() if len(within) == 1 else None
    return change, Given(*span, None, before, changed=False)
