"""A recording's report and corrections, under the recording's row lock."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from earshot.analysis import events
from earshot.analysis.corrections.layer import Layered, Standing, layered
from earshot.analysis.corrections.records import Correction
from earshot.analysis.corrections.rules import Place
from earshot.analysis.errors import Permanent
from earshot.analysis.report.corrected import Kind, Shown
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.storage import outbox
from earshot.storage.postgres import corrections
from earshot.storage.postgres.db import Connection
from earshot.storage.rules import matches


class Edition(NamedTuple):
    """A state of a recording's report: which answers, with which corrections."""

    round: int
    version: int


class Corrected(NamedTuple):
    """The corrections of a recording, and those that a request was about."""

    edition: Edition
    layered: Layered
    about: list[Standing]
    changed: bool
    """False if everything was so before."""
    remembered: str | None = None
    """The source for which corrected roles are remembered."""


class ChangedMeanwhile(Exception):
    """The report is another edition than the one that a request was about."""

    def __init__(
        self, edition: Edition, layered: Layered, current: Shown | None, last: Standing | None
    ) -> None:
        super().__init__("the report has changed")
        self.edition, self.layered, self.current, self.last = edition, layered, current, last


Expected = Callable[[Edition], bool]
"""Whether this is the edition that the client has seen."""


class Open:
    """A recording's report and corrections, locked until the end of the transaction."""

    def __init__(self, connection: Connection, recording_id: UUID) -> None:
        row = corrections.lock(connection, recording_id)
        found = corrections.read(connection, recording_id, undone=True) if row else None
        if row is None or (found is None and RecordingState(row[0]).closed):
            raise Permanent("no_report", "the recording has no report to correct")
        if found is None or not RecordingState(row[0]).closed:
            raise Permanent("still_open", "the recording is being analysed; correct it afterwards")
        self.connection, self.id = connection, recording_id
        self.made = found.corrections
        self.edition = Edition(found.round, found.version)
        self.report = Report.model_validate(found.body)
        self.layered = layered(self.report, self.made)

    def standing(self, correction_id: UUID) -> Standing | None:
        """The correction with that id."""
        found = (each for each in self.layered.standings if each.correction.id == correction_id)
        return next(found, None)

    def unchanged(self, about: Sequence[UUID]) -> Corrected:
        """Where there is nothing to do."""
        found = [each for each in self.layered.standings if each.correction.id in about]
        return Corrected(self.edition, self.layered, found, False)

    def changed(self, made: Sequence[Correction], about: Sequence[UUID]) -> Corrected:
        """Stores what follows from the new state of the corrections: what searches and filters
        read, and the event."""
        edition = self.edition._replace(version=self.edition.version + 1)
        now = layered(self.report, made)
        before = {turn.id: turn for turn in self.layered.draft.finished().turns}
        shown = now.draft.finished()
        turns = [turn for turn in shown.turns if turn != before[turn.id]]
        corrections.put_segments(self.connection, self.id, turns)
        corrections.put_filters(self.connection, self.id, self.report, shown)
        matches.judge(self.connection, self.id, shown.model_dump(mode="json"))
        in_force = [each for each in now.standings if each.state in ("applied", "conflict")]
        conflicts = sum(each.state == "conflict" for each in in_force)
        event = events.corrected(self.id, edition.version, edition.round, len(in_force), conflicts)
        outbox.add(self.connection, [event])
        found = [each for each in now.standings if each.correction.id in about]
        return Corrected(edition, now, found, True)


def last_at(found: Layered, kind: Kind, place: Place) -> Standing | None:
    """The correction of that kind that is in force there."""
    return next(
        (
            each
            for each in found.standings
            if each.correction.kind == kind
            and each.place == place
            and each.state in ("applied", "conflict")
        ),
        None,
    )
