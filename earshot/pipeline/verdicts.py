"""What has not come as far as it should, and why: the judgement on which the reconciler acts and
that `doctor --stuck` shows."""

import time
from collections.abc import Iterator
from typing import Literal

from redis import Redis

from earshot.analysis.states import RecordingState
from earshot.analysis.types import ChunkKey, Frozen
from earshot.pools import STRANGERS, queues
from earshot.settings import settings
from earshot.storage.postgres import ledger, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import OnItsWay
from earshot.storage.postgres.requests import OpenRequest
from earshot.storage.redis import claims, presence, waits
from earshot.storage.redis.claims import Standing
from earshot.storage.redis.presence import Worker
from earshot.storage.redis.waits import Queue

Verdict = Literal["working", "waiting", "unserved", "unsure", "died", "lost", "unmerged"]
"""At work; waits its turn; nobody consumes its queue; its worker is silent; its worker died; its
message is gone; analysed, but the merge is gone."""
TO_MEND = ("died", "lost", "unmerged")
PERIODS = 3
"""``worker_lost_sec`` that a request under way may go untouched: longer than any pause between two
tries (60 s by default)."""
GONE = "whoever decoded it is gone"


class Delay(Frozen):
    """Why one analysis of a chunk has not come back."""

    analysis: str
    verdict: Verdict
    detail: str


class LateChunk(Frozen):
    """A chunk that was dispatched ``worker_lost_sec`` ago or earlier and is not merged."""

    chunk: OnItsWay
    delays: tuple[Delay, ...]

    def mendable(self) -> bool:
        return any(delay.verdict in TO_MEND for delay in self.delays)


class LateRequest(Frozen):
    """A recording that is not cut into chunks yet."""

    request: OpenRequest
    verdict: Verdict
    detail: str


class Look(Frozen):
    """Redis at one moment."""

    queues: dict[str, Queue]
    workers: dict[str, Worker]
    watching: bool
    """Somebody was heard for long enough to take others' silence for death."""
    now: float


def look(client: Redis, incarnation: str | None) -> Look:
    """``incarnation``: the worker in which this runs. A command has none and was not there to hear:
    it goes by the worker that was heard for longest, and where none was, as after a time without
    Redis, it takes no silence for death."""
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
    )


def late_chunks(connection: Connection, client: Redis, at: Look) -> list[LateChunk]:
    """Every late chunk, the oldest first."""
    chunks = ledger.on_their_way(connection, settings().worker_lost_sec)
    stands = claims.look(client, {each.key: sorted(each.wanted) for each in chunks})
    gone = presence.named(client, _holders(stands) - set(at.workers))  # those that said goodbye
    known = at.model_copy(update={"workers": {**at.workers, **gone}})
    return [
        LateChunk(chunk=each, delays=tuple(_delays(each, stands[each.key], known)))
        for each in chunks
    ]


def late_requests(connection: Connection, at: Look) -> list[LateRequest]:
    """Every recording that waits to be taken in for longer than it takes a worker to start."""
    found = requests.unfinished(connection, settings().worker_lost_sec)
    return [_request(connection, each, at) for each in found]


def _holders(stands: dict[ChunkKey, dict[str, Standing]]) -> set[str]:
    return {
        stand.claim.worker for names in stands.values() for stand in names.values() if stand.claim
    }


def _delays(chunk: OnItsWay, stands: dict[str, Standing], at: Look) -> Iterator[Delay]:
    sent_at = chunk.dispatched_at.timestamp()
    missing = [(name, stand) for name, stand in stands.items() if stand.release is None]
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
        return "working", f"{claim.node} works on it since {at.now - claim.since:.0f} s"
    if claim and fate == "died":
        return (
            "died",
            f"{claim.node} died {at.now - claim.since:.0f} s after it had begun, or later",
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
    """Whoever had it would have touched it by now."""
    return at.now - found.sent_at > PERIODS * settings().worker_lost_sec


def _with_strangers(at: Look) -> Look:
    """``ingest`` together with the default queue, which its workers serve too."""
    own, other = at.queues["ingest"], at.queues[STRANGERS]
    both = own.model_copy(update={"length": own.length + other.length})
    return at.model_copy(update={"queues": {**at.queues, "ingest": both}})
