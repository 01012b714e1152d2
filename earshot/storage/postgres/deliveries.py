"""Deliveries of events to webhooks: one row for each event and endpoint, stored when the event gets
its position; their log, and their replay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("deliveries")

TEST = "webhook.test"
"""Type of the event that a test sends."""
REPLAYED_MOST = 10_000
"""Deliveries that one call starts again."""
LAST_POSITION = 2**63 - 1

State = Literal["pending", "delivered", "dead"]


class Attempt(Frozen):
    """One request of a delivery."""

    number: int
    at: datetime
    took_ms: int
    status: int | None
    """HTTP status; null without a response."""
    error: str | None


class Logged(Frozen):
    """A delivery in the log of its webhook."""

    id: UUID
    """The header ``webhook-id`` of each attempt."""
    type: str
    event_id: str | None
    recording_id: UUID | None
    position: int
    """Of the event in ``GET /events``."""
    state: State
    occurred_at: datetime
    due_at: datetime | None
    """Time of the next attempt; null when there is none."""
    finished_at: datetime | None
    attempts: tuple[Attempt, ...]
    """All attempts, the first one first."""


class Range(Frozen):
    """Deliveries to start again: those that fit all bounds that are given."""

    state: Literal["delivered", "dead"] | None = None
    """With ``None`` also events that were never sent to the webhook."""
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    to: int = LAST_POSITION


def add(connection: Connection, positions: Sequence[int]) -> None:
    """Stores a delivery of the events at these positions for each enabled webhook of their tenants
    that wants their type; in the transaction that gives the positions."""
    connection.execute(SQL["add"], {"positions": list(positions)})


def add_test(connection: Connection, webhook_id: UUID) -> UUID | None:
    """Stores a delivery of a test event; None if the webhook is disabled."""
    id = uuid4()
    args = {
        "id": id,
        "webhook_id": webhook_id,
        "type": TEST,
        "body": Jsonb({"id": str(uuid4()), "type": TEST}),
    }
    return id if connection.execute(SQL["add_test"], args).fetchone() else None


def log(
    connection: Connection,
    webhook_id: UUID,
    limit: int,
    state: State | None = None,
    after: tuple[int, UUID] | None = None,
) -> list[Logged]:
    """Deliveries to a webhook, the newest event first, behind the position and id ``after``."""
    place, id = after or (None, None)
    args = {
        "webhook_id": webhook_id,
        "state": state,
        "place": place,
        "id": id,
        "limit": limit,
    }
    return [Logged.model_validate(row) for row in connection.execute(SQL["log"], args)]


def again_one(connection: Connection, webhook_id: UUID, id: UUID) -> bool:
    """Starts a delivery again under its id; False if the webhook has none with this id."""
    args = {"webhook_id": webhook_id, "id": id}
    return connection.execute(SQL["again_one"], args).fetchone() is not None


def again(connection: Connection, webhook_id: UUID, which: Range) -> int:
    """Starts finished deliveries again under their ids, and sends events that were not sent;
    returns their number, at most ``REPLAYED_MOST``."""
    args: dict[str, Any] = {
        **which.model_dump(),
        "webhook_id": webhook_id,
        "limit": REPLAYED_MOST,
    }
    done = connection.execute(SQL["again"], args).rowcount
    if which.state is None and done < REPLAYED_MOST:
        args["limit"] -= done
        done += connection.execute(SQL["add_missed"], args).rowcount
    return done


def drop_finished(connection: Connection, age_sec: float, limit: int) -> int:
    """Removes deliveries finished that long ago, with their attempts; returns their number."""
    return connection.execute(SQL["drop_finished"], {"age_sec": age_sec, "limit": limit}).rowcount
