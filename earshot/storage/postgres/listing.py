"""Lists and searches the recordings of a tenant, page by page."""

import re
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg

from earshot.analysis.errors import Permanent
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("listing")

SEARCH_SEC = 10
"""Longest time of one search."""


class Listed(Frozen):
    """A recording in a list."""

    id: UUID
    state: RecordingState
    file_name: str
    language: str
    analyses: tuple[str, ...]
    duration_ms: int | None
    channels: int | None
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    finished_at: datetime | None


class Place(NamedTuple):
    """Place in a list: behind this recording."""

    created_at: datetime
    id: UUID


class Wanted(NamedTuple):
    """Which recordings; None: all."""

    state: RecordingState | None = None
    language: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Of ``created_at``, from ``since`` to before ``until``."""
    text: str | None = None
    """Part of the file's name, or of what a turn says; case is ignored."""


def page(
    connection: Connection, tenant: str, wanted: Wanted, after: Place | None, limit: int
) -> list[Listed]:
    """The next recordings, newest first.

    Raises:
        Permanent: ``search_too_wide``, it took longer than ``SEARCH_SEC``.
    """
    args = {
        **wanted._asdict(),
        "tenant": tenant,
        "pattern": _pattern(wanted.text) if wanted.text else None,
        "before_at": after.created_at if after else None,
        "before_id": after.id if after else None,
        "limit": limit,
    }
    try:
        with connection.transaction():
            connection.execute(SQL["patience"], {"ms": str(SEARCH_SEC * 1000)})
            rows = connection.execute(SQL["page"], args).fetchall()
    except psycopg.errors.QueryCanceled as error:
        raise Permanent(
            "search_too_wide",
            f"the search took longer than {SEARCH_SEC} s; narrow it by since and until",
        ) from error
    return [Listed.model_validate(row) for row in rows]


def _pattern(text: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", text)
    return f"%{escaped}%"
