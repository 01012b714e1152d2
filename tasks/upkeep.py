"""What runs by the clock: the reconciler mends whatever a crash or a lost message left behind."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from analysis.errors import Transient
from analysis.outcome import Failed
from analysis.types import WHOLE
from settings import settings
from storage import db, ledger, outbox, recordings, redis, staging
from storage.db import Connection
from storage.ledger import Overdue, Staged
from tasks.app import app
from tasks.dispatch import dispatch
from workers.registry import cards

log = logging.getLogger(__name__)

PATIENCE = 10
"""Leases after which a chunk is dispatched again although jobs of its kind still wait: its own may be the one that was lost."""


@app.task(name="upkeep.reconcile", ignore_result=True)
def reconcile() -> None:
    """Sends again the requests that nobody took up, dispatches chunks that are overdue, gives up those that were tried too
    often, and closes recordings that are complete. One that cannot be mended does not keep the others from it."""
    config = settings()
    with db.pooled(config.database_url) as connection:
        for recording_id, request in recordings.overdue_requests(connection, config.chunk_lease_sec):
            log.warning("recording %s: its request is sent again", recording_id)
            app.send_task("ingest.recording", [request])
        _each(_overdue(connection), lambda overdue: _again_or_give_up(connection, overdue))
        pending, complete = ledger.undispatched(connection), ledger.unfinalized(connection)
    _each(pending, dispatch)
    for recording_id in complete:
        app.send_task("finalize.recording", [str(recording_id)])


@app.task(name="upkeep.relay", ignore_result=True)
def relay() -> None:
    """Publishes events whose first relay did not happen."""
    with db.pooled(settings().database_url) as connection:
        outbox.relay(connection, redis.client(settings().redis_url))


def _each(things: Iterable[Any], mend: Callable[[Any], object]) -> None:
    for thing in things:
        try:
            mend(thing)
        except Transient:
            raise
        except Exception:
            log.exception("upkeep cannot mend %s", thing)


def _overdue(connection: Connection) -> list[Overdue]:
    """Chunks past their lease, without those that may simply be waiting their turn: dispatching these again would only make
    every queue longer."""
    overdue = ledger.overdue(connection, settings().chunk_lease_sec)
    client = redis.client(settings().redis_url)
    with redis.lost_connections():
        busy = {card.name for card in cards() if client.llen(card.name)}
    staged = staging.get(client, [each.key for each in overdue])
    limit = PATIENCE * settings().chunk_lease_sec
    return [each for each in overdue if each.age_sec > limit or not busy & (_wanted(each) - set(staged[each.key]))]


def _again_or_give_up(connection: Connection, overdue: Overdue) -> None:
    if overdue.attempts < settings().max_attempts:
        log.warning("recording %s chunk %d is overdue", overdue.recording_id, overdue.index)
        ledger.release(connection, overdue)
        return
    client = redis.client(settings().redis_url)
    staged = staging.get(client, [overdue.key])[overdue.key]
    lost = Failed(code="gave_up", detail=f"no result after {overdue.attempts} attempts")
    outcomes = {name: staged.get(name, Staged(release="none", outcome=lost)) for name in _wanted(overdue)}
    ledger.merge(connection, {overdue.key: outcomes})
    staging.discard(client, [overdue.key])


def _wanted(overdue: Overdue) -> set[str]:
    scope = "recording" if overdue.index == WHOLE else "chunk"
    return {card.name for card in cards() if card.scope == scope and card.name in overdue.analyses}
