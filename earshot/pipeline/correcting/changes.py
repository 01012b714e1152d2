"""Corrects reports: every change is one transaction, one version and one event."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from earshot.analysis.corrections.changes import Change, ChangeRoles, Labelling, TurnPlace
from earshot.analysis.corrections.kinds import RULES
from earshot.analysis.corrections.layer import Standing, shown
from earshot.analysis.corrections.making import Known, place_of, prepared, turn_at
from earshot.analysis.corrections.records import OF_TURNS
from earshot.analysis.errors import Permanent, Unavailable
from earshot.analysis.report.corrected import Kind
from earshot.pipeline.correcting.opened import (
    ChangedMeanwhile,
    Corrected,
    Expected,
    Open,
    last_at,
)
from earshot.pipeline.keeping.remembering import remember
from earshot.storage import outbox
from earshot.storage.postgres import corrections, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)

MOST = 5_000
"""Corrections of a recording, with those that are undone."""
CONTINUED = timedelta(minutes=1)
"""A token's next correction of one kind of one turn within this time takes the place of the last
one, which keeps its id."""


def make(
    connection: Connection,
    recording_id: UUID,
    change: Change,
    expected: Expected,
    token: str,
    *,
    by: str | None = None,
) -> Corrected:
    """Stores a correction; one that continues the token's last one at its place replaces it. The
    same request under the same id changes nothing, also when the report has changed since.

    Args:
        token: id of the token that asks for it.
        by: name of who asks; by default the token's.

    Raises:
        ChangedMeanwhile: the edition is not the expected one.
        Permanent: ``still_open``, ``no_report``; ``id_reused``, another correction has the id;
            ``too_many``; and as ``making.prepared`` and ``remembering.remember``.
    """
    digest = hashlib.sha256(change.model_dump_json(exclude={"id"}).encode()).digest()
    with connection.transaction():
        now = Open(connection, recording_id)
        if change.id is not None:
            before = corrections.asked(connection, recording_id, change.id)
            if before and before[0] == digest:
                return now.unchanged([before[1]])
            if before:
                raise Permanent("id_reused", "another correction has this id")
        known = Known(
            change.id or uuid4(),
            now.edition.version + 1,
            now.edition.round,
            datetime.now(UTC),
            by or corrections.name_of(connection, token),
        )
        if not expected(now.edition):
            raise _stale(now, change, known)
        found = prepared(now.layered.draft, change, known)
        last = last_at(now.layered, change.kind, found.place)
        confirms = isinstance(change, Labelling) and change.confirms
        settled = last.state != "conflict" if last else not confirms
        source = _remember(connection, recording_id, change, known.by)
        if found.changes_nothing and settled:
            return now.unchanged([last.correction.id] if last else [])._replace(remembered=source)
        made, again = found.correction, last is not None and _continues(now, last, known, token)
        if last and again:
            made = made.model_copy(update={"id": last.correction.id})
        elif len(now.made) >= MOST:
            raise Permanent("too_many", f"a recording has at most {MOST} corrections")
        asked = corrections.Asked(known.id, token, digest)
        corrections.add(connection, recording_id, made, asked, again=again)
        kept = [each for each in now.made if each.id != made.id]
        done = now.changed([*kept, made], [made.id])._replace(remembered=source)
    _publish(connection)
    return done


def _remember(connection: Connection, recording_id: UUID, change: Change, by: str) -> str | None:
    if not isinstance(change, ChangeRoles) or change.remember is False:
        return None
    found = recordings.get(connection, recording_id)
    if found is None:
        raise Permanent("no_report", "the recording has no report to correct")
    below = None if change.remember is True else change.remember
    return remember(connection, found, change.roles, below, by)


def _continues(now: Open, last: Standing, known: Known, token: str) -> bool:
    """Whether a change continues the correction that is in force at its place: the same person
    still writes on the same turn."""
    made, since = last.correction, known.at - CONTINUED
    return (
        made.kind in OF_TURNS
        and made.round == known.round
        and corrections.continued(now.connection, now.id, made.id, token, since)
    )


def undo(
    connection: Connection, recording_id: UUID, correction_id: UUID, expected: Expected, token: str
) -> Corrected:
    """Undoes a correction; what was there before it is shown again.

    Raises:
        ChangedMeanwhile: the edition is not the expected one.
        Permanent: ``no_such_correction``, ``still_open``, ``no_report``.
    """
    wanted = _only(correction_id)
    return _switch(connection, recording_id, wanted, "undone", expected, token)


def redo(
    connection: Connection, recording_id: UUID, correction_id: UUID, expected: Expected, token: str
) -> Corrected:
    """Applies a correction that was undone again.

    Raises:
        As ``undo``.
    """
    wanted = _only(correction_id)
    return _switch(connection, recording_id, wanted, "redone", expected, token)


def revert(
    connection: Connection,
    recording_id: UUID,
    turn: TurnPlace | None,
    kinds: Sequence[Kind] | None,
    expected: Expected,
    token: str,
) -> Corrected:
    """Undoes all corrections of a turn, or of the recording, so that the answers are shown.

    Args:
        kinds: only corrections of these kinds.

    Raises:
        ChangedMeanwhile: the edition is not the expected one.
        Permanent: ``no_such_turn``, ``ambiguous_turn``, ``still_open``, ``no_report``.
    """

    def wanted(now: Open) -> list[UUID]:
        name = turn_at(now.layered.draft, turn) if turn else None
        return [
            each.correction.id
            for each in now.layered.standings
            if (name is None or each.turn == name)
            and (kinds is None or each.correction.kind in kinds)
        ]

    return _switch(connection, recording_id, wanted, "reverted", expected, token)


def _switch(
    connection: Connection,
    recording_id: UUID,
    wanted: Callable[[Open], list[UUID]],
    action: str,
    expected: Expected,
    token: str,
) -> Corrected:
    with connection.transaction():
        now = Open(connection, recording_id)
        if not expected(now.edition):
            raise ChangedMeanwhile(now.edition, now.layered, None, None)
        about = wanted(now)
        redone = action == "redone"
        ids = [
            each.id
            for each in now.made
            if each.id in about and redone == (each.undone_at is not None)
        ]
        if not ids:
            return now.unchanged(about)
        by = corrections.name_of(connection, token)
        version = now.edition.version + 1
        corrections.undo(connection, recording_id, version, action, ids, by)
        found = corrections.read(connection, recording_id, undone=True)
        done = now.changed(found.corrections if found else (), ids)
    _publish(connection)
    return done


def _only(correction_id: UUID) -> Callable[[Open], list[UUID]]:
    def wanted(now: Open) -> list[UUID]:
        if now.standing(correction_id) is None:
            raise Permanent("no_such_correction", "the recording has no such correction")
        return [correction_id]

    return wanted


def _stale(now: Open, change: Change, known: Known) -> ChangedMeanwhile:
    """With what is now at the place of the change, if there is such a place still."""
    draft = now.layered.draft
    place = place_of(draft, change, known)
    if place is None:
        return ChangedMeanwhile(now.edition, now.layered, None, None)
    value = RULES[change.kind].current(draft, place)
    last = last_at(now.layered, change.kind, place)
    return ChangedMeanwhile(now.edition, now.layered, shown(draft, value), last)


def _publish(connection: Connection) -> None:
    try:
        outbox.relay(connection, redis.client())
    except Unavailable as error:
        log.warning("upkeep publishes an event later: %s", error)
