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
    """Merges the unmerged chunks whose outcomes are all staged. Publishes their events, the
    analyses of transcripts that are now complete, and the finalize tasks of complete recordings.

    Raises:
        Unavailable: Postgres or Redis is unavailable; repeat the call.
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
    # Includes chunks merged by an earlier delivery that crashed, and chunks of deleted recordings:
    # no content of a recording stays in Redis.
    staging.settle(
        client, [chunk for chunk in batch.chunks if chunk not in waiting], settings().late_job_sec
    )
    _refuse_deleted(client, batch, buried | set(ready))
    if len(merged) < len(batch.chunks):
        # The others were merged before, or Redis lost their outcomes: the reconciler finds these in
        # the ledger.
        log.warning(
            "batch %s: %d of %d chunks merged now", batch.batch_id, len(merged), len(batch.chunks)
        )
    for recording_id in (each for each, complete in ready.items() if complete):
        publisher.publish("finalize.recording", str(recording_id))


def _refuse_deleted(client: Redis, batch: Batch, known: set[UUID]) -> None:
    """Sets the batch aside if it names recordings that never existed. Deleted ones have a
    tombstone, and nothing of them is stored again."""
    gone = [chunk for chunk in batch.chunks if chunk.recording_id not in known]
    if gone:
        refused.deleted(client, "merge", gone[0].recording_id, batch.model_dump_json())
