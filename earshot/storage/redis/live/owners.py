"""What a live process does with live sessions. Everything that changes one is refused where another
process has its lease."""

from typing import Any, NamedTuple, cast

from redis.asyncio import Redis

from earshot.storage.redis.live.connected import BLOCK_MS
from earshot.storage.redis.live.keys import CALLS, CAPACITY, KEPT_MS, OPEN, WORKERS, Session
from earshot.storage.redis.live.scripts import KEPT, NOW, entries, run

LEASE_MS = 2000
ALIVE_MS = 3000
MOST_CLAIMS = 4
"""How often a session is claimed without progress."""
EVENTS_KEPT = 4000
"""Events of a session that are kept for clients that resume."""
_ANNOUNCE = (
    NOW
    + """
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[4]) end
"""
)
_CLAIM = """
local found = redis.call('HMGET', KEYS[2], 'about', 'closed')
if not found[1] or found[2] then
  redis.call('ZREM', KEYS[3], ARGV[3])
  return false
end
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
redis.call('HINCRBY', KEYS[2], 'claims', 1)
return redis.call('HGETALL', KEYS[2])
"""
_RENEW = (
    NOW
    + """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0, 0, 0} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local seen = tonumber(redis.call('HGET', KEYS[2], 'seen') or 0)
redis.call('ZADD', KEYS[3], math.max(now + ARGV[2], seen + ARGV[3]), ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return {1, now - seen, now - tonumber(redis.call('HGET', KEYS[2], 'opened') or now)}
"""
)
_COMMIT = (
    KEPT
    + f"local most = {EVENTS_KEPT}"
    + """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local seq = tonumber(redis.call('HGET', KEYS[2], 'seq') or 0)
local fields = cjson.decode(ARGV[2])
for index = 4, #ARGV do
  local own = fields['seq'] - #ARGV + index
  if own > seq then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', most, own .. '-0', 'e', ARGV[index])
  end
end
for name, value in pairs(fields) do redis.call('HSET', KEYS[2], name, value) end
if ARGV[3] ~= '' then redis.call('XTRIM', KEYS[4], 'MINID', ARGV[3] .. '-0') end
for _, key in ipairs({KEYS[2], KEYS[3], KEYS[4]}) do redis.call('PEXPIRE', key, kept) end
return 1
"""
)
_CLOSE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[5], ARGV[2])
redis.call('DEL', KEYS[1], KEYS[4])
redis.call('HSET', KEYS[2], 'closed', 1)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return 1
"""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Claimed(NamedTuple):
    """A session that was claimed, as its last process left it: field to value."""

    fields: dict[str, bytes]

    @property
    def spent(self) -> bool:
        """It has ended one process after the other: its words end here."""
        return int(self.fields.get("claims", 1)) > MOST_CLAIMS


class Frame(NamedTuple):
    """One frame of sound, or the end of the session."""

    place: int
    """Its index in the session."""
    sound: bytes
    end: str | None
    """Why the session has ended behind the frames before."""


class Ages(NamedTuple):
    """Seconds."""

    silent: float
    """Since the last sign of the client."""
    open: float
    """Since the session began."""


async def announce(redis: Redis, worker: str, sessions: int) -> None:
    """Says that a live process is alive and carries so many sessions."""
    await run(redis, _ANNOUNCE, [WORKERS, CAPACITY], worker, sessions, ALIVE_MS, KEPT_MS)


async def withdraw(redis: Redis, worker: str) -> None:
    """The process takes no sessions any more."""
    await redis.zrem(WORKERS, worker)
    await redis.hdel(CAPACITY, worker)


async def called(redis: Redis) -> str | None:
    """A session that was just opened; waits for one up to ``BLOCK_MS``."""
    found = await cast(Any, redis.blpop([CALLS], timeout=BLOCK_MS / 1000))
    return found[1].decode() if found else None


async def orphaned(redis: Redis) -> list[str]:
    """Open sessions that no process has."""
    found = cast(list[bytes], await redis.zrange(OPEN, 0, -1))
    names = [each.decode() for each in found]
    if not names:
        return []
    leases = await redis.mget([Session(name).lease for name in names])
    return [name for name, lease in zip(names, leases, strict=True) if lease is None]


async def claim(redis: Redis, session: Session, worker: str) -> Claimed | None:
    """Claims a session, and counts that in ``claims``; None if another process has it, or it is
    closed or gone."""
    keys = [session.lease, session.state, OPEN]
    found = await run(redis, _CLAIM, keys, worker, LEASE_MS, session.id)
    if found is None:
        return None
    names = (name.decode() for name in found[::2])
    return Claimed(dict(zip(names, found[1::2], strict=True)))


async def release(redis: Redis, session: Session, worker: str) -> None:
    """Leaves a session to another process."""
    await run(redis, _RELEASE, [session.lease], worker)


async def renew(redis: Redis, session: Session, worker: str, kept_sec: float) -> Ages | None:
    """Keeps the lease; None if another process has the session."""
    keys = [session.lease, session.state, OPEN]
    own, silent_ms, open_ms = await run(
        redis, _RENEW, keys, worker, LEASE_MS, round(kept_sec * 1000), session.id, KEPT_MS
    )
    return Ages(float(silent_ms) / 1000, float(open_ms) / 1000) if int(own) else None


async def frames(redis: Redis, session: Session, after: int, most: int) -> list[Frame]:
    """Frames behind the index ``after``; waits for one up to ``BLOCK_MS``."""
    found = await redis.xread({session.sound: f"{after + 1}-0"}, count=most, block=BLOCK_MS)
    return [
        Frame(
            int(name.split(b"-")[0]) - 1,
            fields.get(b"s", b""),
            fields[b"end"].decode() if b"end" in fields else None,
        )
        for name, fields in entries(found)
    ]


async def commit(
    redis: Redis,
    session: Session,
    worker: str,
    events: list[str],
    fields: str,
    trim: int | None = None,
) -> bool:
    """Publishes events, and keeps fields of the state with them; False if another process has the
    session. It may be repeated.

    Args:
        fields: as JSON: with ``seq``, the sequence number of the last event.
        trim: index of the first frame that is still needed.
    """
    keys = [session.lease, session.state, session.events, session.sound]
    first = "" if trim is None else trim + 1
    return bool(await run(redis, _COMMIT, keys, worker, fields, first, *events))


async def close(redis: Redis, session: Session, worker: str, kept_sec: float) -> None:
    """Ends a session that is finished. Its events are kept for a while."""
    keys = [session.lease, session.state, session.events, session.sound, OPEN]
    await run(redis, _CLOSE, keys, worker, session.id, round(kept_sec * 1000))
