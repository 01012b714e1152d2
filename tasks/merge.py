"""The chord's body: everything said about a batch, and the events about it, in one transaction."""

import logging
from typing import Any

from analysis.types import Batch
from settings import settings
from storage import db, ledger, outbox, redis, staging
from tasks.app import app

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
    client = redis.client(settings().redis_url)
    staged = staging.get(client, batch.chunks)
    with db.pooled(settings().database_url) as connection:
        merged = ledger.merge(connection, staged)
        outbox.relay(connection, client)
        ready = [each for each in {chunk.recording_id for chunk in batch.chunks} if ledger.all_merged(connection, each)]
    staging.settle(client, merged, settings().late_job_sec)
    if len(merged) < len(batch.chunks):
        # Merged before, or its outcomes were lost with Redis: the ledger knows which, and the reconciler acts on it.
        log.warning("batch %s: %d of %d chunks merged now", batch.batch_id, len(merged), len(batch.chunks))
    for recording_id in ready:
        app.send_task("finalize.recording", [str(recording_id)])
