"""Claims: a job records its worker before it touches a chunk, so that a death during work is
detected and counted.

Fields of the chunk's hash (``earshot.storage.staging``): ``claim:<analysis>`` is the holder,
``deaths:<analysis>`` the number of holders that ended with their claim, ``last:<analysis>`` the
name of the last of these, ``wait:<analysis>`` the dependency that its job waits for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from redis import Redis

from earshot.analysis.types import ChunkKey, Frozen
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import deleted
from earshot.storage.redis.client import lost_connections
from earshot.storage.redis.presence import Worker
from earshot.storage.staging import CLAIM, DEATHS, LAST, MERGED, OUTCOME, WAIT, key, readable

Fate = Literal["working", "handed_back", "let_go", "child_died", "died", "unsure"]


class Claim(Frozen):
    """One child of one worker, working since then (seconds since the epoch on its machine's
    clock)."""

    worker: str
    """Its incarnation (see ``earshot.storage.redis.presence``)."""
    node: str
    pid: int
    since: float


class Wait(Frozen):
    """An unavailable dependency of a job that is retried; valid until ``until`` (seconds since the
    epoch) unless renewed."""

    code: str
    detail: str
    until: float


class Standing(Frozen):
    """State of one analysis of one chunk."""

    merged: bool
    release: str | None
    """Release of the staged outcome."""
    claim: Claim | None
    deaths: int
    last: str | None
    """The last worker that died with it."""
    wait: Wait | None


FIELDS = (OUTCOME, CLAIM, DEATHS, LAST, WAIT)
"""Fields of a chunk's hash, for each of its analyses."""


@lost_connections()
def look(
    redis: Redis, analyses: Mapping[ChunkKey, Sequence[str]]
) -> dict[ChunkKey, dict[str, Standing]]:
    """State of the named analyses of the chunks."""
    pipeline, width = redis.pipeline(transaction=False), len(FIELDS)
    for chunk, names in analyses.items():
        pipeline.hmget(
            key(chunk), [MERGED, *(prefix + name for name in names for prefix in FIELDS)]
        )
    answers = cast(list[list[bytes | None]], pipeline.execute())
    return {
        chunk: {
            name: _standing(answer[0], answer[1 + width * at : 1 + width * (at + 1)])
            for at, name in enumerate(names)
        }
        for (chunk, names), answer in zip(analyses.items(), answers, strict=True)
    }


SETTLED_SEC = 2.0
"""Time after a claim within which its worker's heartbeat may not reflect it yet."""

CLOCK_SET_SEC = 60.0
"""A claim later than its worker's last heartbeat by more than this was made by another clock."""


def fate(claim: Claim, workers: Mapping[str, Worker], *, watching: bool) -> Fate:
    """The fate of a claim's holder. ``watching``: the asking worker has sent heartbeats for long
    enough to judge."""
    worker = workers.get(claim.worker)
    if worker is None:
        return "died" if watching else "unsure"
    if worker.left:
        return "handed_back"
    began = worker.busy.get(claim.pid, float("inf"))
    if (
        claim.since > worker.seen + CLOCK_SET_SEC
    ):  # so its clock was set back: only an earlier job can precede the claim
        return (
            "working"
            if worker.seen + CLOCK_SET_SEC < began < float("inf")
            else _ended(claim, worker)
        )
    if claim.since + SETTLED_SEC > min(worker.seen, began):
        return "working"
    return _ended(claim, worker)


def _ended(claim: Claim, worker: Worker) -> Fate:
    """A child that is idle, or at a later job, holds nothing: its release was lost with Redis."""
    return "let_go" if claim.pid in worker.children else "child_died"


# The claim is taken only if it is unchanged, so that of two workers that find a dead one only one
# counts the death.
_TAKE = (
    deleted.IF_DELETED
    + """
if (redis.call('HGET', KEYS[1], ARGV[2]) or '') ~= ARGV[5] then return 0 end
if ARGV[7] ~= '' then
    redis.call('HINCRBY', KEYS[1], ARGV[3], 1)
    redis.call('HSET', KEYS[1], ARGV[4], ARGV[7])
end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], ARGV[2], ARGV[6])
else redis.call('HDEL', KEYS[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[8])
return 1
"""
)


@lost_connections()
def take(
    redis: Redis,
    chunk: ChunkKey,
    analysis: str,
    found: Standing,
    mine: Claim,
    ttl_sec: int,
    *,
    died: bool,
) -> bool:
    """Claims an analysis of a chunk, in place of the claim that was found; ``died``: the holder of
    that one died, which is counted. False if another worker was faster, or the recording was
    deleted."""
    return _swap(
        redis,
        chunk,
        analysis,
        found.claim,
        mine,
        found.claim.node if died and found.claim else None,
        ttl_sec,
    )


_PUT_OFF = (
    deleted.IF_DELETED
    + """
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
)


@lost_connections()
def put_off(
    redis: Redis, chunks: Sequence[ChunkKey], analysis: str, wait: Wait, ttl_sec: int
) -> None:
    """Records that the job about these chunks is retried although no worker holds it meanwhile."""
    pipeline, text = redis.pipeline(transaction=False), wait.model_dump_json()
    for chunk in chunks:
        names = (key(chunk), deleted.KEY, str(chunk.recording_id), WAIT + analysis)
        pipeline.eval(_PUT_OFF, 2, *names, text, ttl_sec)
    pipeline.execute()


@lost_connections()
def release(
    redis: Redis, chunk: ChunkKey, analysis: str, mine: Claim, ttl_sec: int, *, blame: bool = False
) -> None:
    """Releases a claim; ``blame``: the work ended abnormally, which counts like a death."""
    _swap(redis, chunk, analysis, mine, None, mine.node if blame else None, ttl_sec)


def _swap(
    redis: Redis,
    chunk: ChunkKey,
    analysis: str,
    old: Claim | None,
    new: Claim | None,
    victim: str | None,
    ttl_sec: int,
) -> bool:
    texts = [claim.model_dump_json() if claim else "" for claim in (old, new)]
    fields = [prefix + analysis for prefix in (CLAIM, DEATHS, LAST)]
    keys, about = (key(chunk), deleted.KEY), str(chunk.recording_id)
    done = cast(Any, redis.eval(_TAKE, 2, *keys, about, *fields, *texts, victim or "", ttl_sec))
    return bool(done)


def _standing(merged: bytes | None, fields: Sequence[bytes | None]) -> Standing:
    outcome, claim, deaths, last, wait = fields
    staged = readable(Staged, outcome)
    return Standing(
        merged=merged is not None,
        release=staged.release if staged else None,
        claim=readable(Claim, claim),
        deaths=int(deaths or 0),
        last=last.decode() if last else None,
        wait=readable(Wait, wait),
    )
