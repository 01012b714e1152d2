"""Closes a recording whose chunks are all merged: one report, its segments and its event, in one transaction."""

from uuid import UUID

from settings import settings
from storage import db, outbox, redis
from storage.reports import finalize
from tasks.app import app


@app.task(name="finalize.recording", ignore_result=True)
def finalize_recording(recording_id: str) -> None:
    """Builds the report; a recording that is closed already, or not complete yet, is left alone."""
    with db.pooled(settings().database_url) as connection:
        if finalize(connection, UUID(recording_id)):
            outbox.relay(connection, redis.client(settings().redis_url))
