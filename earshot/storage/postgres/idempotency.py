"""Keys that make requests repeatable (``Idempotency-Key``): the first request with a key stores its
answer, and later ones with the same key are given that."""

import secrets
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("idempotency")

KEPT_SEC = 86_400.0
"""Time after its answer in which a key is known."""


class Key(NamedTuple):
    """A key that a request holds."""

    tenant: str
    key: str
    holder: bytes
    """Random, so that a request whose lease has passed to another one notices."""


class Answer(NamedTuple):
    """What the first request with a key was answered."""

    request: bytes
    """Digest of what it asked for."""
    status: int
    body: dict[str, Any]


def begin(connection: Connection, tenant: str, key: str, lease_sec: float) -> Key | Answer | None:
    """The key, now held by the caller; or the stored answer; or None, another request holds it.

    Args:
        lease_sec: a holder that was not touched for this long has ended.
    """
    held = Key(tenant, key, secrets.token_bytes(16))
    args = {**held._asdict(), "lease_sec": lease_sec, "kept_sec": KEPT_SEC}
    if connection.execute(SQL["begin"], args).fetchone():
        return held
    row = connection.execute(SQL["find"], args).fetchone()
    if row is None or row["status"] is None:
        return None
    return Answer(bytes(row["request"]), row["status"], row["body"])


def touch(connection: Connection, key: Key) -> bool:
    """Renews the lease; False if another request holds the key now."""
    return connection.execute(SQL["touch"], key._asdict()).rowcount == 1


def finish(connection: Connection, key: Key, answer: Answer, recording_id: UUID) -> bool:
    """Stores the answer, which is deleted with that recording; call it in the transaction of what
    the request did. False if another request holds the key now."""
    args = {**answer._asdict(), "body": Jsonb(answer.body), "recording_id": recording_id}
    return connection.execute(SQL["finish"], {**args, **key._asdict()}).rowcount == 1


def release(connection: Connection, key: Key) -> None:
    """Frees the key of a request that did nothing."""
    connection.execute(SQL["release"], key._asdict())


def forget(connection: Connection, limit: int) -> int:
    """Removes keys whose time is over; returns their number."""
    return connection.execute(SQL["forget"], {"kept_sec": KEPT_SEC, "limit": limit}).rowcount
