"""What runs by the clock: the reconciler mends whatever a crash or a lost message left behind."""

import logging

from analysis.outcome import Failed
from analysis.types import WHOLE, ChunkKey
from settings import settings
from storage import db, ledger, outbox, recordings, redis, staging
from storage.db import Connection
from storage.ledger import Staged
from tasks.app import app
from tasks.dispatch import dispatch
from workers.registry import cards

log = logging.getLogger(__name__)


@app.task(name="upkeep.reconcile", ignore_result=True)
def reconcile() -> None:
    """Dispatches what is overdue, gives up what was tried too often, closes what is complete, publishes what waits."""
    config = settings()
    with db.pooled(config.database_url) as connection:
        if not _jobs_wait():
            for key in ledger.spent(connection, config.chunk_lease_sec, config.max_attempts):
                _give_up(connection, key)
            ledger.release_overdue(connection, config.chunk_lease_sec, config.max_attempts)
        again = ledger.undispatched(connection)
        open_ids = ledger.unfinalized(connection)
    for recording_id in again:
        log.warning("recording %s: %d overdue chunks dispatched again", recording_id, dispatch(recording_id))
    for recording_id in open_ids:
        app.send_task("finalize.recording", [str(recording_id)])
    relay()


@app.task(name="upkeep.relay", ignore_result=True)
def relay() -> None:
    """Publishes events whose first relay did not happen."""
    with db.pooled(settings().database_url) as connection:
        outbox.relay(connection, redis.client(settings().redis_url))


def _jobs_wait() -> bool:
    """True while an analysis has jobs that nobody has taken. What is unmerged may then simply be waiting its turn, however long
    that takes, and dispatching it again would only make every queue longer."""
    client = redis.client(settings().redis_url)
    return any(client.llen(card.name) for card in cards())


def _give_up(connection: Connection, key: ChunkKey) -> None:
    """Merges a chunk with what there is of it; each analysis that never came back is a stated failure."""
    recording = recordings.get(connection, key.recording_id)
    if recording is None:
        return
    scope = "recording" if key.index == WHOLE else "chunk"
    wanted = [card.name for card in cards() if card.scope == scope and card.name in recording.analyses]
    client = redis.client(settings().redis_url)
    staged = staging.get(client, [key])[key]
    lost = Failed(code="gave_up", detail=f"no result after {settings().max_attempts} attempts")
    outcomes = {name: staged.get(name, Staged(release="none", outcome=lost)) for name in wanted}
    ledger.merge(connection, {key: outcomes})
    staging.discard(client, [key])
