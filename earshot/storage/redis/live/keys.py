"""Keys of live sessions, and who is alive. All expire."""

from typing import NamedTuple, cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

OPEN = "live:open"
"""Sorted set of the open sessions, by the time in ms until which each is kept without a sign of its
client. Only live processes remove them, behind that time as well: they store the sound."""
WORKERS = "live:workers"
"""Sorted set of the live processes, by the time in ms until which each counts as alive."""
CAPACITY = "live:capacity"
"""Hash: live process to the sessions that it carries."""
CALLS = "live:calls"
"""List of the sessions that were just opened: a live process waits for it."""
KEPT_MS = 3_600_000
"""Expiry of everything of a session without a sign of it."""


@lost_connections()
def open_sessions(redis: Redis) -> set[str]:
    """Ids of the open sessions.

    Raises:
        Unavailable: Redis does not answer.
    """
    return {name.decode() for name in cast(list[bytes], redis.zrange(OPEN, 0, -1))}


class Session(NamedTuple):
    """Names of the keys of one session."""

    id: str

    @property
    def state(self) -> str:
        """Hash of what both sides know of it."""
        return f"live:{self.id}"

    @property
    def sound(self) -> str:
        """Stream of frames, the first one with the id ``1-0``."""
        return f"live:{self.id}:sound"

    @property
    def events(self) -> str:
        """Stream of events, each with its sequence number as its id."""
        return f"live:{self.id}:events"

    @property
    def lease(self) -> str:
        """Name of the live process that has it."""
        return f"live:{self.id}:lease"

    def all(self) -> list[str]:
        return [self.state, self.sound, self.events, self.lease]
