"""What the gateway does with live sessions."""

import json
from typing import Any, NamedTuple

from redis.asyncio import Redis

from earshot.storage.redis.live.connected import BLOCK_MS
from earshot.storage.redis.live.keys import CALLS, CAPACITY, KEPT_MS, OPEN, WORKERS, Session
from earshot.storage.redis.live.scripts import KEPT, NOW, entries, run

_OPEN = (
    NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local room = 0
for _, worker in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  room = room + tonumber(redis.call('HGET', KEYS[3], worker) or 0)
end
local open = redis.call('ZCARD', KEYS[1])
if open >= room then return {0, open, room} end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[5], 'about', ARGV[3], 'secret', ARGV[4], 'epoch', 1, 'frames', 0,
  'seen', now, 'opened', now)
redis.call('RPUSH', KEYS[4], ARGV[1])
for _, key in ipairs({KEYS[1], KEYS[4], KEYS[5]}) do redis.call('PEXPIRE', key, ARGV[5]) end
return {1, open + 1, room}
"""
)
_ATTACH = (
    NOW
    + """
if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'seen', now)
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
local found = redis.call('HMGET', KEYS[1], 'frames', 'about', 'ended')
return {epoch, tonumber(found[1]), found[2], found[3]}
"""
)
_APPEND = (
    KEPT
    + NOW
    + """
local found = redis.call('HMGET', KEYS[1], 'epoch', 'frames', 'ended', 'heard')
if found[1] ~= ARGV[1] then return {-1, 0} end
local frames = tonumber(found[2])
if found[3] or tonumber(ARGV[2]) > frames then return {frames, 0} end
for index = 3, #ARGV do
  local frame = ARGV[2] + index - 3
  if frame >= frames then
    redis.call('XADD', KEYS[2], (frame + 1) .. '-0', 's', ARGV[index])
    frames = frame + 1
  end
end
redis.call('HSET', KEYS[1], 'frames', frames, 'seen', now)
for _, key in ipairs({KEYS[1], KEYS[2]}) do redis.call('PEXPIRE', key, kept) end
return {frames, frames - tonumber(found[4] or 0)}
"""
)
_END = (
    KEPT
    + """
local found = redis.call('HMGET', KEYS[1], 'epoch', 'frames', 'ended')
if not found[2] or found[3] then return 0 end
if ARGV[1] ~= '' and found[1] ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[2], (found[2] + 1) .. '-0', 'end', ARGV[2])
redis.call('PEXPIRE', KEYS[2], kept)
return redis.call('HSET', KEYS[1], 'ended', ARGV[2])
"""
)


class Opened(NamedTuple):
    """Answer of admission."""

    admitted: bool
    open: int
    """Sessions that are open, this one included."""
    room: int
    """Sessions that the live processes carry."""


class Attached(NamedTuple):
    """A session that a client continues."""

    epoch: int
    """Number of this connection; sound of earlier ones is refused."""
    frames: int
    """Frames that are stored."""
    about: dict[str, Any]
    ended: bool


async def open_session(
    redis: Redis, session: Session, about: dict[str, Any], secret: str, kept_sec: float
) -> Opened:
    """Admits a session if the live processes have room for one more.

    Args:
        secret: digest of what resumes it.
    """
    keys = [OPEN, WORKERS, CAPACITY, CALLS, session.state]
    found = await run(
        redis, _OPEN, keys, session.id, round(kept_sec * 1000), json.dumps(about), secret, KEPT_MS
    )
    return Opened(bool(found[0]), int(found[1]), int(found[2]))


async def attach(redis: Redis, session: Session, secret: str) -> Attached | None:
    """Takes a session over from an earlier connection; None if there is no such session, or it has
    another secret."""
    found = await run(redis, _ATTACH, [session.state], secret)
    if found is None:
        return None
    return Attached(int(found[0]), int(found[1]), json.loads(found[2]), found[3] is not None)


async def append(
    redis: Redis, session: Session, epoch: int, first: int, frames: list[bytes]
) -> tuple[int, int] | None:
    """Stores frames from the index ``first`` on, also none, as a sign of the client; those that are
    stored already are left out, and all where the session has ended. Returns the number of stored
    frames, less than ``first`` where Redis lost some, and how many of them no live process has
    consumed; None if another connection has taken the session over."""
    keys = [session.state, session.sound]
    stored, waiting = await run(redis, _APPEND, keys, epoch, first, *frames)
    return None if int(stored) < 0 else (int(stored), int(waiting))


async def end(redis: Redis, session: Session, reason: str, epoch: int | None = None) -> bool:
    """Ends the session behind its last frame; False if it had ended, or is of another connection.

    Args:
        epoch: of the connection; None: whichever has it.
    """
    keys = [session.state, session.sound]
    return bool(await run(redis, _END, keys, "" if epoch is None else epoch, reason))


async def events(redis: Redis, session: Session, after: int) -> list[tuple[int, bytes]]:
    """Events behind a sequence number; waits for one up to ``BLOCK_MS``."""
    found = await redis.xread({session.events: f"{after}-0"}, count=200, block=BLOCK_MS)
    return [(int(name.split(b"-")[0]), fields[b"e"]) for name, fields in entries(found)]
