"""Webhook endpoints: address, filter, secrets, state."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("webhooks")

PREFIX = "whsec_"
SECRET_BYTES = 32
OLD_SECRET_VALID = timedelta(hours=24)
"""Time for which a replaced secret still signs."""
MOST_SECRETS = 5
MOST_ENDPOINTS = 50
"""For each tenant."""
BY_REQUEST = "disabled by request"


class Secret(Frozen):
    """A signing secret. It signs each request, so it is stored as it is."""

    secret: str
    until: datetime | None = None
    """End of its validity; None: the current one."""


class Endpoint(Frozen):
    """A webhook's row."""

    id: UUID
    tenant: str
    url: str
    types: tuple[str, ...]
    """Types of events; empty: all."""
    secrets: tuple[Secret, ...]
    """The newest first."""
    state: Literal["enabled", "disabled"]
    reason: str | None
    failures: int
    """Failed attempts since the last success."""
    failing_since: datetime | None
    not_before: datetime | None
    created_at: datetime


def create(connection: Connection, tenant: str, url: str, types: Sequence[str]) -> Endpoint | None:
    """Stores an endpoint with a new secret; None if the tenant has ``MOST_ENDPOINTS`` already."""
    row = connection.execute(
        SQL["add"],
        {
            "id": uuid4(),
            "tenant": tenant,
            "url": url,
            "types": list(types),
            "secrets": _stored([_new()]),
            "most": MOST_ENDPOINTS,
        },
    ).fetchone()
    return Endpoint.model_validate(row) if row else None


def list_all(connection: Connection, tenant: str) -> list[Endpoint]:
    """The tenant's endpoints, oldest first."""
    return [
        Endpoint.model_validate(row) for row in connection.execute(SQL["list"], {"tenant": tenant})
    ]


def get(connection: Connection, tenant: str, id: UUID) -> Endpoint | None:
    """An endpoint of the tenant."""
    return _find(connection, "get", tenant, id)


def _find(connection: Connection, query: str, tenant: str, id: UUID) -> Endpoint | None:
    row = connection.execute(SQL[query], {"tenant": tenant, "id": id}).fetchone()
    return Endpoint.model_validate(row) if row else None


def change(
    connection: Connection,
    tenant: str,
    id: UUID,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> Endpoint | None:
    """Changes what is not None; returns the endpoint, or None if there is none. What waits for an
    endpoint when it is disabled becomes dead."""
    with connection.transaction():
        before = _find(connection, "lock", tenant, id)
        if before is None:
            return None
        enabled_before = before.state == "enabled"
        enabled = enabled_before if enabled is None else enabled
        args = {
            "tenant": tenant,
            "id": id,
            "url": before.url if url is None else url,
            "types": list(before.types if types is None else types),
            "state": "enabled" if enabled else "disabled",
            "reason": None if enabled else before.reason or BY_REQUEST,
            "fresh": enabled and (not enabled_before or url not in (None, before.url)),
        }
        row = connection.execute(SQL["change"], args).fetchone()
    if enabled_before and not enabled:
        connection.execute(SQL["bury_pending"], {"id": id})
    return Endpoint.model_validate(row)


def rotate(connection: Connection, tenant: str, id: UUID) -> tuple[Secret, ...] | None:
    """Gives the endpoint a new secret, the first of those returned; the one before stays valid for
    ``OLD_SECRET_VALID``. None if there is no such endpoint.

    Raises:
        ValueError: ``MOST_SECRETS`` are valid.
    """
    with connection.transaction():
        found = _find(connection, "lock", tenant, id)
        if found is None:
            return None
        end = datetime.now(UTC) + OLD_SECRET_VALID
        valid = [_new(), *(_ending(each, end) for each in current(found.secrets))]
        if len(valid) > MOST_SECRETS:
            raise ValueError(f"{MOST_SECRETS} secrets are valid")
        connection.execute(
            SQL["set_secrets"], {"tenant": tenant, "id": id, "secrets": _stored(valid)}
        )
    return tuple(valid)


def remove(connection: Connection, tenant: str, id: UUID) -> bool:
    """Removes an endpoint with its deliveries; False if there is none."""
    return bool(connection.execute(SQL["remove"], {"tenant": tenant, "id": id}).rowcount)


def disable(connection: Connection, id: UUID, reason: str) -> None:
    """Disables an endpoint; what waits for it becomes dead."""
    connection.execute(SQL["disable"], {"id": id, "reason": reason})
    connection.execute(SQL["bury_pending"], {"id": id})


def current(stored: Sequence[Secret]) -> list[Secret]:
    """The secrets that are valid now, the newest first."""
    now = datetime.now(UTC)
    return [each for each in stored if each.until is None or each.until > now]


def _new() -> Secret:
    random = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Secret(secret=PREFIX + random)


def _ending(each: Secret, end: datetime) -> Secret:
    return each if each.until else Secret(secret=each.secret, until=end)


def _stored(valid: Sequence[Secret]) -> Jsonb:
    return Jsonb([each.model_dump(mode="json") for each in valid])
