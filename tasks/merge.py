"""The chord's body: everything said about a batch, and the events about it, in one transaction."""

import logging
from typing import Any
from uuid import UUID

from redis import Redis

from earshot.analysis.types import Batch
from earshot.settings import settings
from earshot.storage import outbox, staging
from earshot.storage.postgres import db, ledger, tombstones
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused
from tasks.app import app
from tasks.publish import publish

log = logging.getLogger(__name__)


@app.task(name="merge.batch", ignore_result=True)
def merge_batch(payload: dict[str, Any]) -> None:
    """Merges the chunks of a batch."""
    _merge(Batch.model_validate(payload))


@app.task(name="merge.whole", ignore_result=True)
def merge_whole(payload: dict[str, Any]) -> None:
    """Merges what was said about a recording as a whole."""
    _merge(Batch.model_validate(payload))


def _merge(batch: Batch) -> None:
    client = redis.client()
    staged = staging.get(client, batch.chunks)
    with db.pooled() as connection:
        merged = ledger.merge(connection, staged)
        outbox.relay(connection, client)
        ready = ledger.ready(connection, {chunk.recording_id for chunk in batch.chunks})
        waiting = ledger.still_open(connection, batch.chunks)
        buried = tombstones.buried(connection, {chunk.recording_id for chunk in batch.chunks})
    # Also what an earlier delivery merged before it died, and what was deleted: nothing said in a
    # recording stays in Redis.
    staging.settle(
        client, [chunk for chunk in batch.chunks if chunk not in waiting], settings().late_job_sec
    )
    _refuse_deleted(client, batch, buried | set(ready))
    if len(merged) < len(batch.chunks):
        # Merged before, or its outcomes were lost with Redis: the ledger knows which, and the
        # reconciler acts on it.
        log.warning(
            "batch %s: %d of %d chunks merged now", batch.batch_id, len(merged), len(batch.chunks)
        )
    for recording_id in (each for each, complete in ready.items() if complete):
        publish("finalize.recording", str(recording_id))


def _refuse_deleted(client: Redis, batch: Batch, known: set[UUID]) -> None:
    """Of one that has a tombstone nothing is put aside: it would name the recording again."""
    gone = [chunk for chunk in batch.chunks if chunk.recording_id not in known]
    if gone:
        refused.deleted(client, "merge", gone[0].recording_id, batch.model_dump_json())
