"""Paused pools, and what the ledger says of each pool."""

from typing import NamedTuple

from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("pools")

FAILURES_SEC = 86_400
"""Age up to which failures count."""


class Ledger(NamedTuple):
    """What Postgres says of the pools, by name of the pool."""

    unmerged: dict[str, int]
    """Chunks that wait for the analysis, or for its merge."""
    failures: dict[str, int]
    """Within ``FAILURES_SEC``."""
    dead_letters: dict[str, int]
    """Open ones."""
    oldest_request_sec: float | None
    """Age of the oldest request that waits to be decoded."""


def pause(connection: Connection, pool: str) -> None:
    """Notes that a pool is paused; it may be already."""
    connection.execute(SQL["pause"], {"pool": pool})


def resume(connection: Connection, pool: str) -> None:
    """Notes that a pool is not paused; it need not have been."""
    connection.execute(SQL["resume"], {"pool": pool})


def paused(connection: Connection) -> list[str]:
    """The paused pools."""
    return [row["pool"] for row in connection.execute(SQL["paused"])]


def ledger(connection: Connection) -> Ledger:
    """The current figures."""
    age = {"age_sec": FAILURES_SEC}
    requests = connection.execute(SQL["requests"]).fetchone()
    unmerged = {row["name"]: row["chunks"] for row in connection.execute(SQL["unmerged"])}
    return Ledger(
        unmerged={**unmerged, "ingest": requests["waiting"] if requests else 0},
        failures={row["name"]: row["failures"] for row in connection.execute(SQL["failures"], age)},
        dead_letters={row["name"]: row["letters"] for row in connection.execute(SQL["dead"])},
        oldest_request_sec=requests["oldest_sec"] if requests else None,
    )
