"""Deliveries of events to webhooks: one row for each event and endpoint, stored when the event gets
its position."""

from collections.abc import Sequence

from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("deliveries")


def add(connection: Connection, positions: Sequence[int]) -> None:
    """Stores a delivery of the events at these positions for each enabled webhook of their tenants
    that wants their type; in the transaction that gives the positions."""
    connection.execute(SQL["add"], {"positions": list(positions)})
