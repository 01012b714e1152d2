"""Finds late requests and chunks, and decides why they are late: for the reconciler and for
`doctor --stuck`."""

import time
from collections.abc import Iterator
from typing import Literal

from redis import Redis

from earshot.analysis.states import RecordingState
from earshot.analysis.types import ChunkKey, Frozen
from earshot.pools import STRANGERS, queues
from earshot.settings import settings
from earshot.storage.merged import counts
from earshot.storage.postgres import ledger, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import OnItsWay
from earshot.storage.postgres.requests import OpenRequest
from earshot.storage.redis import claims, paused, presence, waits
from earshot.storage.redis.claims import Standing
from earshot.storage.redis.presence import Worker
from earshot.storage.redis.waits import Queue

Verdict = Literal["working", "waiting", "unserved", "unsure", "died", "lost", "unmerged"]
"""In order: being processed; queued; no worker consumes its queue; its worker sends no heartbeats;
its worker died; its message is lost; analysed, but the merge message is lost."""
TO_MEND = ("died", "lost", "unmerged")
PERIODS = 3
"""Multiple of ``worker_lost_sec`` for which a request may stay unchanged: longer than any pause
between two attempts (60 s by default)."""
GONE = "the process that decoded it is gone"


class Delay(Frozen):
    """Why one analysis of a chunk has no outcome yet."""

    analysis: str
    verdict: Verdict
    detail: str


class LateChunk(Frozen):
    """A chunk that was dispatched at least ``worker_lost_sec`` ago and is not merged."""

    chunk: OnItsWay
    delays: tuple[Delay, ...]

    def mendable(self) -> bool:
        return any(delay.verdict in TO_MEND for delay in self.delays)


class LateRequest(Frozen):
    """A request whose recording is not cut into chunks yet."""

    request: OpenRequest
    verdict: Verdict
    detail: str


class Look(Frozen):
    """A snapshot of queues and workers in Redis."""

    queues: dict[str, Queue]
    workers: dict[str, Worker]
    watching: bool
    """Heartbeats were uninterrupted for long enough to declare a worker without them dead."""
    now: float
    paused: frozenset[str] = frozenset()
    """Pools."""


def look(client: Redis, incarnation: str | None) -> Look:
    """Takes a snapshot of queues and workers.

    Args:
        incarnation: the worker in which this runs. None for a command, which relies on the worker
            with the longest uninterrupted heartbeats; without one, as after an outage of Redis, no
            worker is declared dead.
    """
    workers = {worker.incarnation: worker for worker in presence.living(client)}
    alive_sec = (
        presence.alive_sec(workers, incarnation)
        if incarnation
        else presence.longest_alive_sec(workers.values())
    )
    watching = alive_sec >= settings().worker_lost_sec
    return Look(
        queues=waits.look(client, queues(), workers.values()),
        workers=workers,
        watching=watching,
        now=time.time(),
        paused=paused.get(client),
    )


def late_chunks(connection: Connection, client: Redis, at: Look) -> list[LateChunk]:
    """Every late chunk, oldest first."""
    chunks = ledger.on_their_way(connection, settings().worker_lost_sec)
    stands = claims.look(client, {each.key: sorted(each.wanted) for each in chunks})
    gone = presence.named(client, _holders(stands) - set(at.workers))  # those shut down in order
    known = at.model_copy(update={"workers": {**at.workers, **gone}})
    return [
        LateChunk(chunk=each, delays=tuple(_delays(each, stands[each.key], known)))
        for each in chunks
    ]


def late_requests(connection: Connection, at: Look) -> list[LateRequest]:
    """Every request that has waited longer than a worker takes to start."""
    found = requests.unfinished(connection, settings().worker_lost_sec)
    return [_request(connection, each, at) for each in found]


def _holders(stands: dict[ChunkKey, dict[str, Standing]]) -> set[str]:
    return {
        stand.claim.worker for names in stands.values() for stand in names.values() if stand.claim
    }


def _delays(chunk: OnItsWay, stands: dict[str, Standing], at: Look) -> Iterator[Delay]:
    sent_at = chunk.dispatched_at.timestamp()
    missing = [
        (name, stand)
        for name, stand in stands.items()
        if stand.release is None or not counts(chunk.releases, name, stand.release)
    ]
    for name, stand in missing:
        verdict, detail = _verdict(name, stand, sent_at, at)
        yield Delay(analysis=name, verdict=verdict, detail=detail)
    if not missing:
        length = at.queues["merge"].length
        yield Delay(
            analysis="merge",
            verdict="waiting" if length else "unmerged",
            detail=f"all outcomes are there; {length} merges wait"
            if length
            else "all outcomes are there, no merge is on its way",
        )


def _verdict(analysis: str, stand: Standing, sent_at: float, at: Look) -> tuple[Verdict, str]:
    claim = stand.claim
    fate = claims.fate(claim, at.workers, watching=at.watching) if claim else "handed_back"
    if claim and fate == "working":
        return "working", f"{claim.node} at work on it for {at.now - claim.since:.0f} s"
    if claim and fate == "died":
        return (
            "died",
            f"{claim.node} died; it had begun {at.now - claim.since:.0f} s ago",
        )
    if claim and fate == "unsure":
        return "unsure", f"{claim.node} is silent; it is not known yet whether it died"
    if stand.wait and at.now < stand.wait.until:
        return "waiting", f"{stand.wait.code}, it is tried again: {stand.wait.detail}"
    return _queued(analysis, sent_at, at)


def _queued(queue: str, sent_at: float, at: Look) -> tuple[Verdict, str]:
    stand = at.queues.get(queue)
    if stand is None:
        return "lost", "there is no such analysis (any more)"
    if stand.lost(sent_at, at.now, settings().chunk_lease_sec):
        return (
            "lost",
            "jobs that were sent well after it are done" if stand.length else "its queue is empty",
        )
    if queue in at.paused:
        return "waiting", f"its pool is paused; {stand.length} jobs wait"
    if not stand.children:
        return "unserved", f"no worker consumes {queue}; {stand.length} jobs wait"
    return "waiting", f"{stand.length} jobs wait for {stand.children} children"


def _request(connection: Connection, found: OpenRequest, at: Look) -> LateRequest:
    if found.state == RecordingState.INGESTING:
        if requests.is_taken_in(connection, found.id):
            return LateRequest(request=found, verdict="working", detail="it is being decoded")
        if _is_forgotten(found, at) or (
            at.watching and found.worker not in at.workers and found.waits_for is None
        ):
            return LateRequest(request=found, verdict="died", detail=GONE)
        detail = (
            f"it met {found.waits_for} and is tried again"
            if found.waits_for
            else "it is tried again shortly"
        )
        return LateRequest(request=found, verdict="waiting", detail=detail)
    verdict, detail = _queued("ingest", found.sent_at, _with_strangers(at))
    if (
        verdict == "waiting"
        and not _with_strangers(at).queues["ingest"].length
        and _is_forgotten(found, at)
    ):
        verdict, detail = "lost", "its queue is empty"
    return LateRequest(request=found, verdict=verdict, detail=detail)


def _is_forgotten(found: OpenRequest, at: Look) -> bool:
    """True if no process has updated the request for ``PERIODS`` periods."""
    return at.now - found.sent_at > PERIODS * settings().worker_lost_sec


def _with_strangers(at: Look) -> Look:
    """``ingest`` together with the default queue, which the same workers consume."""
    own, other = at.queues["ingest"], at.queues[STRANGERS]
    both = own.model_copy(update={"length": own.length + other.length})
    return at.model_copy(update={"queues": {**at.queues, "ingest": both}})
