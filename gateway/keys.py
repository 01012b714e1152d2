"""``Idempotency-Key``: a request that is sent again is answered as the first time, and does
nothing."""

import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import anyio
from starlette.concurrency import run_in_threadpool

from earshot.settings import settings
from earshot.storage.postgres import db, idempotency
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.idempotency import Answer, Key
from gateway.problems import Problem

HEADER = "Idempotency-Key"
FORM = re.compile(r"[\x21-\x7e]{1,255}")
TOUCH_SEC = 20.0
LEASE_SEC = 120.0
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Makes the request repeatable for 24 hours: the same request with the same key"
    " gets the stored answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
"""The header in the OpenAPI document."""


class Held:
    """The key of the current request, if it has one."""

    def __init__(self, key: Key | None, answer: Answer | None) -> None:
        self._key, self._answer = key, answer
        self._touched = time.monotonic()

    @property
    def is_new(self) -> bool:
        """False if the request was answered before."""
        return self._answer is None

    async def alive(self) -> None:
        """Keeps the key while the request is still coming in.

        Raises:
            Problem: 409, another request has it.
        """
        if self._key is None or time.monotonic() - self._touched < TOUCH_SEC:
            return
        self._touched = time.monotonic()
        if not await run_in_threadpool(_touch, self._key):
            raise _in_flight()

    def before(self, request: bytes) -> dict[str, Any] | None:
        """The body that the request was answered with before; None for a new one.

        Raises:
            Problem: 422, the key belongs to another request.
        """
        if self._answer is None:
            return None
        if self._answer.request != request:
            raise Problem(
                422,
                "key_reused",
                f"This {HEADER} belongs to another request; use a new one.",
            )
        return self._answer.body

    def keep(
        self, connection: Connection, request: bytes, body: dict[str, Any], recording_id: UUID
    ) -> None:
        """Stores the answer 202 with this body, in the transaction of what the request did.

        Raises:
            Problem: 409, another request has the key.
        """
        if self._key is None:
            return
        answer = Answer(request, 202, body)
        if not idempotency.finish(connection, self._key, answer, recording_id):
            raise _in_flight()


@asynccontextmanager
async def held(tenant: str, key: str | None) -> AsyncIterator[Held]:
    """The key of a request, held until the end of the context, and freed there if the request did
    nothing.

    Raises:
        Problem: 400, it is no key; 409, an earlier request with it is still running.
    """
    if key is None:
        yield Held(None, None)
        return
    if not FORM.fullmatch(key):
        raise Problem(
            400, "invalid_key", f"{HEADER} has 1 to 255 printable ASCII characters, no spaces."
        )
    found = await run_in_threadpool(_begin, tenant, key)
    if found is None:
        raise _in_flight()
    if isinstance(found, Answer):
        yield Held(None, found)
        return
    try:
        yield Held(found, None)
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(_release, found)


def digest(*parts: Any) -> bytes:
    """What a request asked for, as a digest."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


def _in_flight() -> Problem:
    return Problem(
        409,
        "key_in_flight",
        f"A request with this {HEADER} is still running; send this one again later.",
        {"Retry-After": "5"},
    )


def _lease_sec() -> float:
    return max(LEASE_SEC, 4 * settings().silent_sec)


def _begin(tenant: str, key: str) -> Key | Answer | None:
    with db.pooled() as connection:
        return idempotency.begin(connection, tenant, key, _lease_sec())


def _touch(key: Key) -> bool:
    with db.pooled() as connection:
        return idempotency.touch(connection, key)


def _release(key: Key) -> None:
    with db.pooled() as connection:
        idempotency.release(connection, key)
