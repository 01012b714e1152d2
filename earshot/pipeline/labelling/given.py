"""Gives a turn or a stretch a label, as a correction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, NamedTuple
from uuid import UUID, uuid4, uuid5

from pydantic import Field, TypeAdapter, ValidationError

from earshot.analysis.corrections.changes import Labelling, TurnPlace
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.events import NAMESPACE
from earshot.analysis.findings import Classification
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import EmotionSummary, Stretch, Turn
from earshot.pipeline.correcting.changes import make
from earshot.pipeline.correcting.opened import ChangedMeanwhile, Edition
from earshot.storage.postgres import corrections
from earshot.storage.postgres.db import Connection

LABELLING: TypeAdapter[Labelling] = TypeAdapter(Annotated[Labelling, Field(discriminator="kind")])
OF_TURNS: dict[str, Callable[[Turn], EmotionSummary | Classification | None]] = {
    "emotion": lambda turn: turn.emotion,
    "sentiment": lambda turn: turn.sentiment,
}
OF_STRETCHES: dict[str, Callable[[Report], Sequence[Stretch]]] = {
    "noise": lambda report: report.noise.timeline if report.noise else (),
    "scene": lambda report: report.scene,
}


class Place(NamedTuple):
    """Where a label belongs."""

    at_ms: int
    """Within the turn or stretch."""
    until_ms: int | None = None
    """Of a stretch: its end, with ``at_ms`` as its beginning; None: the answered stretch."""
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
        analysis: ``emotion`` or ``sentiment`` (of turns), ``noise`` or ``scene`` (of stretches).
        by: name of the author.

    Raises:
        Misconfigured: ``analysis``, its labels cannot be corrected.
        Permanent: ``no_such_turn``, ``ambiguous_turn``, ``no_such_label``, ``no_noise``,
            ``no_scene``, ``out_of_range``, ``no_report``, ``still_open``; ``changed_meanwhile``.
    """
    found = corrections.read(connection, recording_id)
    if found is None:
        raise Permanent("no_report", "the recording has no report to correct")
    report = Report.model_validate(found.report())
    if analysis in OF_TURNS:
        turn = _turn(report, place)
        before = OF_TURNS[analysis](turn)
        said = before.label if before else None
        given = Given(turn.start_ms, turn.end_ms, turn.channel, said, changed=False)
        at = turn.model_dump(include=set(TurnPlace.model_fields))
        where: dict[str, object] = {"turn": at}
    elif analysis in OF_STRETCHES:
        given = _stretch(OF_STRETCHES[analysis](report), analysis, place)
        where = {"start_ms": given.start_ms, "end_ms": given.end_ms}
    else:
        there = ", ".join([*OF_TURNS, *OF_STRETCHES])
        raise Misconfigured("analysis", f"{analysis}: labels are given for {there}")
    change = labelling(analysis, label, where)
    seen = Edition(found.round, found.version)
    author = str(uuid5(NAMESPACE, f"user {by}"))
    try:
        done = make(connection, recording_id, change, seen.__eq__, author, by=by)
    except ChangedMeanwhile as error:
        raise Permanent("changed_meanwhile", "the report changed meanwhile; try again") from error
    return given._replace(changed=done.changed)


def labelling(analysis: str, label: str, where: Mapping[str, object]) -> Labelling:
    """The change that confirms or corrects a label.

    Args:
        where: fields of the turn, or of the stretch.

    Raises:
        Permanent: ``no_such_label``, the label is no word; ``out_of_range``.
    """
    asked = {"id": uuid4(), "kind": analysis, "label": label, "confirms": True, **where}
    try:
        return LABELLING.validate_python(asked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        of_label = first["loc"][-1:] == ("label",)
        code, what = ("no_such_label", label) if of_label else ("out_of_range", analysis)
        raise Permanent(code, f"{what}: {first['msg']}") from error


def _turn(report: Report, place: Place) -> Turn:
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
    return found[0]


def _stretch(timeline: Sequence[Stretch], analysis: str, place: Place) -> Given:
    at = place.at_ms
    there = next((each for each in timeline if each.start_ms <= at < each.end_ms), None)
    if place.until_ms is not None:
        span = (at, place.until_ms)
    elif there is not None:
        span = (there.start_ms, there.end_ms)
    else:
        raise Permanent(f"no_{analysis}", f"{analysis} has no answer at {at / 1000:.3f} s")
    within = {each.label for each in timeline if each.start_ms < span[1] and span[0] < each.end_ms}
    return Given(*span, None, within.pop() if len(within) == 1 else None, changed=False)
