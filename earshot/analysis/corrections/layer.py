"""Applies corrections to a report: the same report and corrections give the same result."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.kinds import RULES
from earshot.analysis.corrections.records import OF_TURNS, Correction, Value, Voice
from earshot.analysis.corrections.rules import Place
from earshot.analysis.report.corrected import Conflict, Reason, ReportCorrections, Shown
from earshot.analysis.report.report import Report

State = Literal["applied", "conflict", "superseded", "undone"]


class Standing(NamedTuple):
    """What has become of a correction."""

    correction: Correction
    state: State
    reason: Reason | None = None
    """Of a conflict."""
    place: Place | None = None
    answer: Value | None = None
    """Of a conflict: what the analyses say now."""

    @property
    def turn(self) -> str | None:
        """Id of the corrected turn, if it is found."""
        found = self.correction.kind in OF_TURNS and self.state != "undone"
        return self.place if found and isinstance(self.place, str) else None


class Layered(NamedTuple):
    """A report with its corrections applied."""

    draft: Draft
    standings: list[Standing]
    """Of every correction, in their order."""


def layered(report: Report, corrections: Iterable[Correction]) -> Layered:
    """Applies the corrections that are not undone, in order of their versions; of those of one
    kind at one place the last one only.

    A correction is applied if what is answered at its place is what it replaced, or the corrected
    value itself. If it is another answer, the corrected value stays, as a conflict. If nothing is
    found at its place, the answer stays, as a conflict.
    """
    draft = Draft(report)
    ordered = sorted(corrections, key=lambda each: each.version)
    places = {
        each.id: RULES[each.kind].find(draft, each) for each in ordered if each.undone_at is None
    }
    last = {_key(each, places[each.id]): each.id for each in ordered if each.id in places}
    in_force = set(last.values())
    for each in ordered:
        if each.id in in_force and each.kind == "speaker" and places[each.id] is not None:
            draft.make_speaker(each.value.voice)
    standings = []
    for each in ordered:
        if each.id not in places:
            standings.append(Standing(each, "undone"))
        elif each.id not in in_force:
            standings.append(Standing(each, "superseded", place=places[each.id]))
        else:
            standings.append(_applied(draft, each, places[each.id]))
    return Layered(draft, standings)


def _key(made: Correction, place: Place | None) -> tuple[str, str]:
    if place is None:
        return made.kind, made.target.model_dump_json()
    return made.kind, place if isinstance(place, str) else place.model_dump_json()


def _applied(draft: Draft, made: Correction, place: Place | None) -> Standing:
    kind = RULES[made.kind]
    if place is None:
        return Standing(made, "conflict", "gone")
    answer = kind.answer(draft, place)
    same = any(kind.same(draft, place, answer, then) for then in (made.replaced, made.value))
    if not kind.put(draft, place, made.value):
        return Standing(made, "conflict", "gone", place, answer)
    if not same:
        return Standing(made, "conflict", "changed", place, answer)
    return Standing(made, "applied", place=place)


def corrected(report: Report, corrections: Sequence[Correction], version: int) -> Report:
    """The report with the corrections, and a section about them; unchanged if all are undone.

    Args:
        version: of the corrections.
    """
    if all(each.undone_at is not None for each in corrections):
        return report
    draft, standings = layered(report, corrections)
    about = ReportCorrections(
        version=version,
        turns={turn: tuple(draft.marks[turn]) for turn in draft.turns if turn in draft.marks},
        speakers=draft.speaker_marks(),
        noise=tuple(draft.noise.marks),
        scene=tuple(draft.scene.marks),
        roles=draft.roles_marked,
        conflicts=tuple(_conflict(draft, each) for each in standings if each.reason),
    )
    return draft.finished().model_copy(update={"corrections": about})


def _conflict(draft: Draft, found: Standing) -> Conflict:
    made = found.correction
    where = made.target.turn or made.target.span
    return Conflict(
        id=made.id,
        kind=made.kind,
        reason=found.reason or "gone",
        turn=found.turn,
        channel=made.target.turn.channel if made.target.turn else None,
        start_ms=where.start_ms if where else None,
        end_ms=where.end_ms if where else None,
        corrected=shown(draft, made.value),
        replaced=shown(draft, made.replaced),
        answer=None if found.answer is None else shown(draft, found.answer),
    )


def shown(draft: Draft, value: Value) -> Shown:
    """A value as clients see it: a speaker by its id now, or then if it is not found."""
    fields = value.model_dump(exclude={"voice"})
    return Shown(**fields, speaker=_id(draft, value.voice) if value.voice else None)


def _id(draft: Draft, voice: Voice) -> str:
    return draft.unmerged(voice) or voice.speaker
