"""Merges the outcomes of a batch, with their events, in one transaction."""

import logging
from uuid import UUID

from redis import Redis

from earshot.analysis.types import Batch
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.ports import Publisher
from earshot.settings import settings
from earshot.storage import outbox, staging
from earshot.storage.postgres import db, ledger, tombstones
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused

log = logging.getLogger(__name__)


def merge_outcomes(batch: Batch, publisher: Publisher) -> None:
    """Merges the chunks of which every outcome is staged and that are not merged yet; publishes
    their events, the analyses of transcripts that can be read now, and the finalizing of recordings
    that are complete.

    Raises:
        Unavailable: Postgres or Redis is away; the same call is to be made again.
    """
    client = redis.client()
    staged = staging.get(client, batch.chunks)
    with db.pooled() as connection:
        merged = ledger.merge(connection, staged)
        outbox.relay(connection, client)
        ready = ledger.ready(connection, {chunk.recording_id for chunk in batch.chunks})
        for recording_id in ledger.transcribed(connection, ready):
            dispatch(connection, publisher, recording_id)
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
        publisher.publish("finalize.recording", str(recording_id))


def _refuse_deleted(client: Redis, batch: Batch, known: set[UUID]) -> None:
    """Of one that has a tombstone nothing is put aside: it would name the recording again."""
    gone = [chunk for chunk in batch.chunks if chunk.recording_id not in known]
    if gone:
        refused.deleted(client, "merge", gone[0].recording_id, batch.model_dump_json())
