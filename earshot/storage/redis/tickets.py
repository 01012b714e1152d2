"""Tickets: for clients that cannot send headers (a browser's EventSource, WebSocket and audio
element). One is valid once, for thirty seconds; one for a path, which the audio element requests
again at each seek, as often as it is used, for an hour."""

import hashlib
import json
import re
import secrets
from typing import Any, cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

VALID_SEC = 30
PATH_VALID_SEC = 3600
PREFIX = "eat_"
PATH_PREFIX = "eap_"
FORM = re.compile(rf"(?:{PREFIX}|{PATH_PREFIX})[A-Za-z0-9_-]{{43}}")
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
def issue_for(redis: Redis, caller: dict[str, str], path: str) -> str:
    """A new ticket for this caller and this path only.

    Raises:
        Unavailable: Redis does not answer.
    """
    secret = PATH_PREFIX + secrets.token_urlsafe(32)
    redis.set(_key(secret), json.dumps({**caller, "path": path}), ex=PATH_VALID_SEC)
    return secret


@lost_connections()
def redeem(redis: Redis, secret: str, path: str) -> dict[str, Any] | None:
    """The caller that the ticket was issued for; None where it was used up, or is for another path.

    Raises:
        Unavailable: Redis does not answer.
    """
    if secret.startswith(PATH_PREFIX):
        kept = cast(bytes | None, redis.get(_key(secret)))
        caller: dict[str, Any] = json.loads(kept) if kept else {}
        return caller if caller.pop("path", None) == path else None
    found = cast(bytes | None, redis.getdel(_key(secret)))
    return json.loads(found) if found else None


def _key(secret: str) -> str:
    return f"ticket:{hashlib.sha256(secret.encode()).hexdigest()}"
