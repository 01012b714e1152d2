"""Tokens of the HTTP gateway: random, stored as digests, each of one tenant and one scope."""

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pydantic import TypeAdapter, ValidationError

from earshot.analysis.errors import Misconfigured
from earshot.analysis.request import Tenant
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("tokens")

PREFIX = "ear_"
"""Makes tokens recognisable to scanners for leaked secrets."""
BYTES = 32
FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
"""What is no such text is no token."""
BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]*")
"""Of an id."""


class Scope(StrEnum):
    """What a token permits; each scope includes those before it."""

    READ = "read"
    """Look at recordings, reports and events."""
    WRITE = "write"
    """Submit, analyse and delete recordings."""
    ADMIN = "admin"
    """Manage webhooks and rules."""
    OPERATOR = "operator"
    """See the work of all tenants: pools and dead letters; pause pools."""

    def includes(self, other: "Scope") -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(other)


class Token(Frozen):
    """A token's row; its secret is not stored."""

    id: UUID
    name: str
    tenant: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def create(
    connection: Connection, name: str, tenant: str, scope: Scope, valid_sec: float | None = None
) -> tuple[Token, str]:
    """Creates a token, and returns it with its secret, which cannot be read again.

    Raises:
        Misconfigured: ``tenant``, it is no name of a tenant; ``name``, it is empty or has more
            than one line.
    """
    if not name.strip() or not name.isprintable():
        raise Misconfigured("name", f"{name!r} is no name for a token: write what it is for")
    try:
        TypeAdapter(Tenant).validate_python(tenant)
    except ValidationError as error:
        raise Misconfigured(
            "tenant", f"{tenant!r} is no tenant: lower-case letters, digits, - and _"
        ) from error
    secret = PREFIX + secrets.token_urlsafe(BYTES)
    row = {
        "id": uuid4(),
        "name": name,
        "tenant": tenant,
        "scope": scope,
        "digest": _digest(secret),
        "valid_sec": valid_sec,
    }
    return Token.model_validate(connection.execute(SQL["add"], row).fetchone()), secret


def find(connection: Connection, secret: str) -> Token | None:
    """The valid token with this secret, after noting its use; None if there is none."""
    row = connection.execute(SQL["find"], {"digest": _digest(secret)}).fetchone()
    if row is None:
        return None
    if row.pop("stale"):
        connection.execute(SQL["note_use"], {"id": row["id"]})
    return Token.model_validate(row)


def valid(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of the ids whose tokens are neither revoked nor expired."""
    rows = connection.execute(SQL["valid"], {"ids": [UUID(id) for id in ids]})
    return {str(row["id"]) for row in rows}


def list_all(connection: Connection, tenant: str | None = None) -> list[Token]:
    """Tokens, revoked and expired ones too, oldest first."""
    return [
        Token.model_validate(row) for row in connection.execute(SQL["list"], {"tenant": tenant})
    ]


def revoke(connection: Connection, which: str) -> list[Token]:
    """Revokes the tokens with this name, or whose id starts with it, at least its first eight
    digits; returns them."""
    prefix = which.lower() if BEGINNING.fullmatch(which.lower()) else None
    rows = connection.execute(SQL["revoke"], {"prefix": prefix, "name": which})
    return [Token.model_validate(row) for row in rows]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
