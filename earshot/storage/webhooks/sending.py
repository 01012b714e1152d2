"""The work of sending: claims deliveries that are due, and stores how each attempt ended.

Each statement is a transaction of its own: an attempt's rows and those of a deletion are then never
locked in opposite orders.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.webhooks.endpoints import Secret

SQL = queries("webhooks")

HOLD_AFTER = 10
"""An endpoint with this many failures in a row is sent one delivery at a time, with pauses."""


class Delivery(NamedTuple):
    """A claimed delivery."""

    id: UUID
    webhook_id: UUID
    tenant: str
    place: int
    """Of the event among those of its tenant."""
    recording_id: UUID | None
    type: str
    body: dict[str, Any]
    """The event."""
    occurred_at: datetime
    attempts: int
    """Number of this attempt, from 1."""
    taken_until: datetime
    """End of the claim; it also identifies it."""
    url: str
    secrets: list[Secret]


class Share(NamedTuple):
    """What a tenant has of this process's threads."""

    tenant: str
    held: int
    """Requests in flight."""
    served: int
    """Rises with each request of any tenant; as it was at this tenant's last one."""


class Outcome(NamedTuple):
    """How an attempt ended."""

    took_ms: int
    status: int | None = None
    """None without a response."""
    error: str | None = None


def claim(
    connection: Connection,
    limit: int,
    each: int,
    lease_sec: float,
    size: int,
    shares: Collection[Share],
) -> list[Delivery]:
    """Claims up to ``limit`` deliveries that are due, so that no other sender takes them within
    ``lease_sec``.

    Args:
        each: most requests in flight to one endpoint.
        size: threads to divide among the tenants.
        shares: of the tenants that had any.
    """
    args = {
        "limit": limit,
        "each": each,
        "lease_sec": lease_sec,
        "size": size,
        "hold_after": HOLD_AFTER,
        "tenants": [share.tenant for share in shares],
        "held": [share.held for share in shares],
        "served": [share.served for share in shares],
    }
    return [
        Delivery(
            **{
                **row,
                "secrets": [Secret.model_validate(secret) for secret in row["secrets"]],
            }
        )
        for row in connection.execute(SQL["claim"], args)
    ]


def succeeded(connection: Connection, delivery: Delivery, outcome: Outcome) -> None:
    """The endpoint has accepted it."""
    _settle(connection, delivery, "delivered", outcome)
    connection.execute(SQL["succeeded"], {"id": delivery.webhook_id})


def failed(
    connection: Connection,
    delivery: Delivery,
    outcome: Outcome,
    *,
    wait_sec: float | None,
    asked_sec: float,
    give_up_sec: float,
) -> bool:
    """The attempt failed; returns True if the endpoint had no success for ``give_up_sec``.

    Args:
        wait_sec: pause before the next attempt; None: there is none, and the delivery is dead.
        asked_sec: time for which the endpoint asked to be left alone.
    """
    state: Literal["pending", "dead"] = "dead" if wait_sec is None else "pending"
    _settle(connection, delivery, state, outcome, wait_sec or 0.0)
    args = {
        "id": delivery.webhook_id,
        "asked_sec": asked_sec,
        "hold_after": HOLD_AFTER,
        "give_up_sec": give_up_sec,
    }
    row = connection.execute(SQL["failed"], args).fetchone()
    return bool(row and row["given_up"])


def _settle(
    connection: Connection,
    delivery: Delivery,
    state: Literal["pending", "delivered", "dead"],
    outcome: Outcome,
    wait_sec: float = 0.0,
) -> None:
    """Stores the end of the attempt. Later deliveries of the recording wait with it, and the next
    one is due when it is finished."""
    key = {
        "webhook_id": delivery.webhook_id,
        "recording_id": delivery.recording_id,
        "place": delivery.place,
        "wait_sec": wait_sec,
    }
    if state == "pending":
        connection.execute(SQL["delay_later"], key)
    args = {
        "id": delivery.id,
        "taken_until": delivery.taken_until,
        "state": state,
        "wait_sec": wait_sec,
        **outcome._asdict(),
    }
    connection.execute(SQL["settle"], args)
    if state != "pending":
        connection.execute(SQL["free_next"], key)
