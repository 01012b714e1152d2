"""Closes a recording whose chunks are all merged: one report, its segments and its event, in one
transaction."""

import logging
from uuid import UUID

from earshot.analysis.errors import Permanent, Transient
from earshot.storage import outbox
from earshot.storage.postgres import db, recordings, tombstones
from earshot.storage.postgres.reports import finalize
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused
from tasks.app import app

log = logging.getLogger(__name__)


@app.task(name="finalize.recording", ignore_result=True)
def finalize_recording(recording_id: str) -> None:
    """Builds the report; a recording that is closed already, or not complete yet, is left alone.
    Findings that no report can be made of close the recording as failed, with the reason; they stay
    where they are."""
    with db.pooled() as connection:
        client = redis.client()
        try:
            with (
                db.lost_connections()
            ):  # a full disk or a deadlock is the surroundings' failure, not that of the findings
                closed = finalize(connection, UUID(recording_id))
            gone = not closed and recordings.get(connection, UUID(recording_id)) is None
            if gone and not tombstones.buried(connection, [UUID(recording_id)]):
                refused.deleted(client, "finalize", UUID(recording_id), recording_id)
        except Transient:
            raise
        except Exception as error:
            log.exception("recording %s: no report can be made of its findings", recording_id)
            (line, *_) = f"{type(error).__name__}: {error}".splitlines()
            reason = f"no report can be made of the findings: {line}"
            recordings.fail(
                connection, UUID(recording_id), Permanent("report_failed", reason), ("analyzing",)
            )
        outbox.relay(connection, client)
