"""Reconciles in passes: resumes work that a crash or a lost message interrupted."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
from redis import Redis

from earshot.analysis.errors import SERVICES, EarshotError, OutOfTime, one_line
from earshot.analysis.outcome import Failed
from earshot.analysis.types import Batch, Frozen
from earshot.pipeline import standing, verdicts
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.intake import submit
from earshot.pipeline.intake.restart import restart
from earshot.pipeline.ports import Publisher
from earshot.pipeline.verdicts import LateChunk, Look
from earshot.settings import settings
from earshot.storage import outbox, staging
from earshot.storage.merged import counts
from earshot.storage.postgres import db, ledger, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.dead_letters import GAVE_UP
from earshot.storage.postgres.ledger import OnItsWay, Staged
from earshot.storage.postgres.requests import OpenRequest
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_DISPATCHES = 10
"""Dispatches and repeated merges after which a chunk is given up, even if no worker is known to
have died while processing it."""


class Repaired(Frozen):
    """Counts of what one pass resumed."""

    requests_sent_again: int = 0
    requests_restarted: int = 0
    chunks_dispatched_again: int = 0
    merges_sent_again: int = 0
    chunks_given_up: int = 0
    recordings_dispatched: int = 0
    recordings_finalized: int = 0
    events_restored: int = 0
    events_published: int = 0


def repair(
    publisher: Publisher, incarnation: str | None, *, restart_failed: bool = False
) -> Repaired:
    """Republishes requests and chunks whose message or worker is lost, gives up chunks that were
    dispatched too often, finalizes complete recordings, and restores events that Redis lost. One
    failing item does not stop the others, and concurrent passes do nothing twice.

    Args:
        incarnation: the worker in which this runs; see ``verdicts.look``.
        restart_failed: also restart recordings that failed because of an unavailable dependency
            (``earshot.pipeline.intake.restart``).

    Raises:
        Unavailable: Redis or Postgres is unavailable.
    """
    client = redis.client()
    with db.pooled() as connection:
        standing.restore(connection, client)
        requests.pull_back(connection)
        ledger.pull_back(connection)
        at = verdicts.look(client, incarnation)
        late = [
            each.request
            for each in verdicts.late_requests(connection, at)
            if each.verdict in verdicts.TO_MEND
        ]
        failed = requests.restartable(connection) if restart_failed else ()
        hopeless, unmerged, lost = _sorted(
            each for each in verdicts.late_chunks(connection, client, at) if each.mendable()
        )
        counts = {
            "requests_sent_again": _count(
                late, lambda found: _send_again(connection, publisher, found)
            ),
            "requests_restarted": _count(
                failed, lambda found: restart(connection, publisher, found)
            ),
            "chunks_dispatched_again": _count(
                _within_capacity(lost, at), lambda found: ledger.release(connection, found)
            ),
            "merges_sent_again": _count(
                unmerged, lambda found: _merge_again(connection, publisher, found)
            ),
            "chunks_given_up": _count(hopeless, lambda found: _give_up(connection, client, found)),
        }
        pending, complete = ledger.undispatched(connection), ledger.unfinalized(connection)
        counts["events_restored"] = outbox.restore(connection, client)
        counts["events_published"] = outbox.relay(connection, client)
        counts["recordings_dispatched"] = _count(
            pending, lambda found: dispatch(connection, publisher, found)
        )
    if at.queues["finalize"].length:
        complete = []  # otherwise every pass would add messages to the queue of a stopped pool
    counts["recordings_finalized"] = _count(complete, lambda found: _finalize(publisher, found))
    return Repaired(**counts)


def _sorted(late: Iterable[LateChunk]) -> tuple[list[OnItsWay], list[OnItsWay], list[LateChunk]]:
    """Splits late chunks: to give up, to merge again, and to dispatch again."""
    hopeless, unmerged, lost = [], [], []
    for each in late:
        if each.chunk.attempts >= MAX_DISPATCHES:
            hopeless.append(each.chunk)
        elif all(delay.verdict == "unmerged" for delay in each.delays):
            unmerged.append(each.chunk)
        else:
            lost.append(each)
    return hopeless, unmerged, lost


def _count(things: Iterable[T], mend_one: Callable[[T], object]) -> int:
    """Number of things that ``mend_one`` mended. A failure is logged and the others follow, unless
    Redis or Postgres is unavailable."""
    mended = 0
    for thing in things:
        try:
            with db.lost_connections():
                mended += bool(mend_one(thing))
        except OutOfTime:
            raise
        except EarshotError as error:
            if error.code in SERVICES:
                raise
            log.warning("upkeep cannot mend %s: %s", thing, error)
        except Exception:
            log.exception("upkeep cannot mend %s", thing)
    return mended


def _within_capacity(late: Iterable[LateChunk], at: Look) -> list[OnItsWay]:
    """Late chunks whose missing analyses have room in their queues, oldest first: more messages
    would only lengthen the queues."""
    room = {name: queue.room for name, queue in at.queues.items()}
    chosen = []
    for each in late:
        # An analysis that is no longer in the registry has no queue: dispatch stages its failure.
        lacking = [
            delay.analysis
            for delay in each.delays
            if delay.verdict in verdicts.TO_MEND and delay.analysis in room
        ]
        if all(room[name] > 0 for name in lacking):
            room.update({name: room[name] - 1 for name in lacking})
            chosen.append(each.chunk)
    return chosen


def _send_again(connection: Connection, publisher: Publisher, found: OpenRequest) -> bool:
    request = requests.send_again(connection, found)
    if request is not None:
        publisher.publish(submit.TASK, request)
    return request is not None


def _merge_again(connection: Connection, publisher: Publisher, found: OnItsWay) -> bool:
    """Publishes the merge again. It counts as a dispatch: a merge that can never succeed would
    otherwise be repeated forever."""
    mine = ledger.count_again(connection, found)
    if mine:
        batch = Batch(batch_id=uuid4(), chunks=(found.key,))
        publisher.publish(
            "merge.whole" if found.index < 0 else "merge.batch", batch.model_dump(mode="json")
        )
    return mine


def _give_up(connection: Connection, client: Redis, found: OnItsWay) -> bool:
    staged = staging.get(client, [found.key])[found.key]
    lost = Staged(
        release="none",
        outcome=Failed(code=GAVE_UP, detail=f"no result after {found.attempts} dispatches"),
    )
    try:
        known = {
            name: each
            for name, each in staged.items()
            if counts(found.releases, name, each.release)
        }
        merged = ledger.merge(
            connection, {found.key: {name: known.get(name, lost) for name in found.wanted}}
        )
    except psycopg.DataError as error:  # the findings are replaced by a failure with the reason
        detail = f"the findings cannot be stored: {one_line(error)}"
        unfit = Staged(release="none", outcome=Failed(code=GAVE_UP, detail=detail))
        merged = ledger.merge(connection, {found.key: dict.fromkeys(found.wanted, unfit)})
    staging.settle(client, merged, settings().late_job_sec)
    return bool(merged)


def _finalize(publisher: Publisher, recording_id: UUID) -> bool:
    publisher.publish("finalize.recording", str(recording_id))
    return True
