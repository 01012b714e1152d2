"""Tickets: for clients that cannot send headers (a browser's EventSource and WebSocket). Each is
valid once, for thirty seconds."""

import hashlib
import json
import re
import secrets
from typing import Any, cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

VALID_SEC = 30
PREFIX = "eat_"
FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
"""What is no such text is no ticket."""


@lost_connections()
def issue(redis: Redis, caller: dict[str, str]) -> str:
    """A new ticket for this caller.

    Raises:
        Unavailable: Redis does not answer.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    redis.set(_key(secret), json.dumps(caller), ex=VALID_SEC)
    return secret


@lost_connections()
def redeem(redis: Redis, secret: str) -> dict[str, Any] | None:
    """The caller that the ticket was issued for, the first time; None ever after.

    Raises:
        Unavailable: Redis does not answer.
    """
    found = cast(bytes | None, redis.getdel(_key(secret)))
    return json.loads(found) if found else None


def _key(secret: str) -> str:
    return f"ticket:{hashlib.sha256(secret.encode()).hexdigest()}"
