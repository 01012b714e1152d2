"""Applies ``migrations/*.sql`` in the order of their numbers, each once and in its own transaction.

``NNNN_pre_*.sql`` suits the processes of the version before and is applied before the new ones
start; ``NNNN_post_*.sql`` is applied once no process of the version before runs.
"""

from itertools import takewhile
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
        return _pending(connection, MIGRATIONS)


def migrate(database_url: str, *, pre_only: bool = False, folder: Path = MIGRATIONS) -> list[str]:
    """Applies the pending migrations and returns their names.

    Args:
        pre_only: stop before the first ``post`` migration.
        folder: of the migrations.
    """
    with connect(database_url) as connection:
        connection.execute(SQL["lock"], {"key": _LOCK})
        connection.execute(SQL["create"])
        names = _pending(connection, folder)
        if pre_only:
            names = list(takewhile(lambda name: "_post_" not in name, names))
        for name in names:
            with connection.transaction():
                connection.execute((folder / name).read_bytes())
                connection.execute(SQL["add"], {"name": name})
    return names


def _pending(connection: Connection, folder: Path) -> list[str]:
    known = sorted(path.name for path in folder.glob("[0-9]*.sql"))
    if not known:
        raise Misconfigured("migrations", f"no migrations in {folder}")
    present = connection.execute(SQL["exists"]).fetchone()
    if present is None or not present["there"]:
        return known
    applied = {row["name"] for row in connection.execute(SQL["applied"])}
    return [name for name in known if name not in applied]
