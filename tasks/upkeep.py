"""What runs by the clock: the reconciler mends whatever a crash or a lost message left behind."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import uuid4

from redis import Redis

from analysis.errors import Transient
from analysis.outcome import Failed
from analysis.types import WHOLE, Batch, ChunkKey, Frozen
from settings import settings
from storage import db, ledger, outbox, recordings, redis, staging
from storage.db import Connection
from storage.dead_letters import GAVE_UP
from storage.ledger import OnItsWay, Staged
from tasks import stuck
from tasks.app import app
from tasks.dispatch import dispatch
from tasks.presence import claim
from tasks.stuck import LateChunk, Look

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_DISPATCHES = 10
"""Dispatches after which a chunk is given up although no worker is known to have died of it."""


class Mended(Frozen):
    """How many of each one pass set going again."""

    requests_sent_again: int = 0
    chunks_dispatched_again: int = 0
    merges_sent_again: int = 0
    chunks_given_up: int = 0
    recordings_dispatched: int = 0
    recordings_finalized: int = 0
    events_restored: int = 0
    events_published: int = 0


@app.task(name="upkeep.reconcile", ignore_result=True)
def reconcile() -> None:
    """One pass over everything that is late."""
    mended = mend(claim().worker)
    if mended != Mended():
        log.warning("mended: %s", ", ".join(f"{name} {count}" for name, count in mended.model_dump().items() if count))


@app.task(name="upkeep.relay", ignore_result=True)
def relay() -> None:
    """Publishes events whose first relay did not happen."""
    with db.pooled(settings().database_url) as connection:
        outbox.relay(connection, redis.client(settings().redis_url))


def mend(incarnation: str | None) -> Mended:
    """Sends again requests and chunks whose message or worker is gone, gives up what was dispatched too often, closes
    recordings that are complete, and puts back events that Redis lost. What cannot be mended does not keep the rest from it,
    and two of these at once do nothing twice.

    Args:
        incarnation: the worker in which this runs, None for a command; see ``stuck.look``.

    Raises:
        Unavailable: Redis or Postgres is away.
    """
    client = redis.client(settings().redis_url)
    with db.pooled(settings().database_url) as connection:
        at = stuck.look(client, incarnation)
        requests = [each.request for each in stuck.late_requests(connection, at) if each.verdict in stuck.TO_MEND]
        chunks = [each for each in stuck.late_chunks(connection, client, at) if each.mendable()]
        unmerged = [each.chunk.key for each in chunks if all(delay.verdict == "unmerged" for delay in each.delays)]
        hopeless = [each.chunk for each in chunks if each.chunk.attempts >= MAX_DISPATCHES and each.chunk.key not in unmerged]
        again = _within_capacity([each for each in chunks if each.chunk not in hopeless and each.chunk.key not in unmerged], at)
        counts = {
            "requests_sent_again": _count(requests, lambda found: _send_again(connection, found)),
            "chunks_dispatched_again": _count(again, lambda found: ledger.release(connection, found)),
            "merges_sent_again": _count(unmerged, _merge_again),
            "chunks_given_up": _count(hopeless, lambda found: _give_up(connection, client, found)),
        }
        pending, complete = ledger.undispatched(connection), ledger.unfinalized(connection)
        counts["events_restored"] = outbox.restore(connection, client)
        counts["events_published"] = outbox.relay(connection, client)
    dispatched, closed = _count(pending, dispatch), _count(complete, _finalize)
    return Mended(recordings_dispatched=dispatched, recordings_finalized=closed, **counts)


def _count(things: Iterable[T], mend_one: Callable[[T], object]) -> int:
    """How many of the things ``mend_one`` mended; the others do not suffer from one that cannot be."""
    mended = 0
    for thing in things:
        try:
            mended += bool(mend_one(thing))
        except Transient:
            raise
        except Exception:
            log.exception("upkeep cannot mend %s", thing)
    return mended


def _within_capacity(late: Iterable[LateChunk], at: Look) -> list[OnItsWay]:
    """Those for which there is room in the queues of what they lack, the oldest first: more would only make everybody wait."""
    room = {name: queue.room for name, queue in at.queues.items()}
    chosen = []
    for each in late:
        lacking = [delay.analysis for delay in each.delays if delay.verdict in stuck.TO_MEND]
        if all(room[name] > 0 for name in lacking):
            room.update({name: room[name] - 1 for name in lacking})
            chosen.append(each.chunk)
    return chosen


def _send_again(connection: Connection, found: recordings.OpenRequest) -> bool:
    request = recordings.send_again(connection, found)
    if request is not None:
        app.send_task("ingest.recording", [request])
    return request is not None


def _merge_again(chunk: ChunkKey) -> bool:
    batch = Batch(batch_id=uuid4(), chunks=(chunk,))
    app.send_task("merge.whole" if chunk.index == WHOLE else "merge.batch", [batch.model_dump(mode="json")])
    return True


def _give_up(connection: Connection, client: Redis, found: OnItsWay) -> bool:
    staged: dict[str, Any] = staging.get(client, [found.key])[found.key]
    lost = Failed(code=GAVE_UP, detail=f"no result, although it was dispatched {found.attempts} times")
    outcomes = {name: staged.get(name, Staged(release="none", outcome=lost)) for name in found.wanted}
    merged = ledger.merge(connection, {found.key: outcomes})
    staging.settle(client, merged, settings().late_job_sec)
    return bool(merged)


def _finalize(recording_id: Any) -> bool:
    app.send_task("finalize.recording", [str(recording_id)])
    return True
