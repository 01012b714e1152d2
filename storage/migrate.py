"""Applies ``migrations/*.sql`` in the order of their numbers, each once and in its own transaction."""

from pathlib import Path

from analysis.errors import Misconfigured
from storage.db import Connection, connect

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

_LOCK = 0x45415253484F54  # "EARSHOT": two migrators at once wait for each other
_APPLIED = """
CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
"""


def pending(database_url: str) -> list[str]:
    """Names of the migrations that the database has not seen."""
    with connect(database_url) as connection:
        return _pending(connection)


def migrate(database_url: str) -> list[str]:
    """Brings the database up to date; returns the names of what was applied."""
    with connect(database_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_APPLIED)
        names = _pending(connection)
        for name in names:
            with connection.transaction():
                connection.execute((MIGRATIONS / name).read_bytes())
                connection.execute("INSERT INTO migration (name) VALUES (%s)", (name,))
    return names


def _pending(connection: Connection) -> list[str]:
    known = sorted(path.name for path in MIGRATIONS.glob("[0-9]*.sql"))
    if not known:
        raise Misconfigured("migrations", f"no migrations in {MIGRATIONS}")
    present = connection.execute("SELECT to_regclass('migration') IS NOT NULL AS there").fetchone()
    if present is None or not present["there"]:
        return known
    applied = {row["name"] for row in connection.execute("SELECT name FROM migration")}
    return [name for name in known if name not in applied]
