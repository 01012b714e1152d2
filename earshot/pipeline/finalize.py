"""Closes a recording whose chunks are all merged, with its report or with an error."""

import logging
from uuid import UUID

from earshot.analysis.errors import OutOfTime, Permanent, Transient, one_line
from earshot.analysis.report.report import build_report
from earshot.analysis.states import RecordingState
from earshot.audio.store import transcripts
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import db, ledger, recordings, reports, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.reports import Merged
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused

log = logging.getLogger(__name__)


def finalize(connection: Connection, recording_id: UUID) -> bool:
    """Builds the report and closes the recording with it. Returns False and writes nothing if the
    recording is not open, not complete, or was closed, reopened or deleted meanwhile; its newest
    round is finalized when it is complete. No lock is held while the report is computed.
    If the report cannot be built, the recording is closed as failed and its findings stay.

    Raises:
        Unavailable: Postgres is unavailable; repeat the call.
        OutOfTime: the recording stays open.
    """
    merged = reports.read(connection, recording_id)
    if merged is None:
        return False
    try:
        with db.lost_connections():  # a full disk or a deadlock is not caused by the findings
            report = build_report(merged.info(), merged.parts())
            closed = reports.close(connection, merged, report)
    except (Transient, OutOfTime):
        raise
    except Exception as error:
        log.exception("recording %s: the report cannot be built", recording_id)
        return _fail(connection, merged, error)
    return closed


def _fail(connection: Connection, merged: Merged, error: Exception) -> bool:
    line = f"{type(error).__name__}: {one_line(error)}"
    failed = Permanent("report_failed", f"no report can be made of the findings: {line}")
    return recordings.fail(
        connection,
        merged.recording.id,
        failed,
        (RecordingState.ANALYZING,),
        of_round=merged.recording.round,
    )


def close(recording_id: UUID) -> None:
    """Finalizes the recording, publishes its events and removes its transcripts once it is
    closed, also by an earlier delivery; a message about a recording that never existed is set
    aside.

    Raises:
        Unavailable: Postgres or Redis is unavailable; repeat the call.
    """
    client = redis.client()
    with db.pooled() as connection:
        closed = finalize(connection, recording_id)
        gone = not closed and recordings.get(connection, recording_id) is None
        if gone and not tombstones.buried(connection, [recording_id]):
            refused.deleted(client, "finalize", recording_id, str(recording_id))
        outbox.relay(connection, client)
        rounds = ledger.closed_with_transcript(connection, [recording_id])
    for round_ in rounds.values():
        try:
            transcripts.remove(settings().store_url, recording_id, round_)
        except Transient as error:
            log.warning("transcripts of %s are left to upkeep: %s", recording_id, error)
