"""Applies ``migrations/*.sql`` in the order of their numbers, each once and in its own
transaction."""

from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.storage.postgres.db import Connection, connect
from earshot.storage.postgres.queries import queries

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"

SQL = queries("migrations")

_LOCK = 0x45415253484F54  # "EARSHOT"


def pending(database_url: str) -> list[str]:
    """Names of the migrations not yet applied to the database."""
    with connect(database_url) as connection:
        return _pending(connection)


def migrate(database_url: str) -> list[str]:
    """Applies the pending migrations; returns their names."""
    with connect(database_url) as connection:
        connection.execute(SQL["lock"], {"key": _LOCK})
        connection.execute(SQL["create"])
        names = _pending(connection)
        for name in names:
            with connection.transaction():
                connection.execute((MIGRATIONS / name).read_bytes())
                connection.execute(SQL["add"], {"name": name})
    return names


def _pending(connection: Connection) -> list[str]:
    known = sorted(path.name for path in MIGRATIONS.glob("[0-9]*.sql"))
    if not known:
        raise Misconfigured("migrations", f"no migrations in {MIGRATIONS}")
    present = connection.execute(SQL["exists"]).fetchone()
    if present is None or not present["there"]:
        return known
    applied = {row["name"] for row in connection.execute(SQL["applied"])}
    return [name for name in known if name not in applied]
