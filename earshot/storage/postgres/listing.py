"""Lists and searches the recordings of a tenant, page by page."""

import re
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from earshot.analysis.errors import Permanent
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("listing")

FILTERS = ("state", "language", "since", "until", "text", "label", "role", "sha256")
"""Fields of ``Wanted``, and the conditions for them."""
GRAM = 3
"""Characters of the runs that are indexed (``migrations/0016_pre_search.sql``)."""
COMMON = 2000
"""Segments; what more of them have is common."""
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
    label: str | None = None
    """A label that the report names, of any analysis."""
    role: str | None = None
    """Of a channel."""
    sha256: str | None = None
    """Of the file, hex in lower case."""


def page(
    connection: Connection, tenant: str, wanted: Wanted, after: Place | None, limit: int
) -> list[Listed]:
    """The next recordings, newest first.

    Raises:
        Permanent: ``search_too_wide``, it took longer than ``SEARCH_SEC``.
    """
    try:
        with connection.transaction():
            connection.execute(SQL["patience"], {"ms": str(SEARCH_SEC * 1000)})
            common = wanted.text is not None and _is_common(connection, wanted.text)
            query, args = statement(tenant, wanted, after, limit, common=common)
            rows = connection.execute(query, args).fetchall()
    except psycopg.errors.QueryCanceled as error:
        raise Permanent(
            "search_too_wide",
            f"the search took longer than {SEARCH_SEC} s; narrow it by since and until",
        ) from error
    return [Listed.model_validate(row) for row in rows]


def statement(
    tenant: str, wanted: Wanted, after: Place | None, limit: int, *, common: bool = False
) -> tuple[LiteralString, dict[str, Any]]:
    """The query of ``page``, with its arguments.

    Args:
        common: many segments have the text.
    """
    asked = {name: getattr(wanted, name) for name in FILTERS if getattr(wanted, name) is not None}
    args = {**asked, "tenant": tenant, "limit": limit}
    names = ["every", *asked]
    if after is not None:
        names.append("before")
        args |= {"before_at": after.created_at, "before_id": after.id}
    if wanted.text is not None:
        args["pattern"] = _pattern(wanted.text)
        names[names.index("text")] = "common_text" if common else "text"
    conditions = " AND ".join(SQL[name] for name in names)
    return SQL["page"].replace("{conditions}", conditions), args


def _is_common(connection: Connection, text: str) -> bool:
    """True if a walk through the newest recordings finds the text sooner than the index, or if
    it is too short for the index."""
    if len(text.lower()) < GRAM:
        return True
    row = connection.execute(SQL["estimate"], {"text": text}).fetchone()
    return row is not None and bool(row["QUERY PLAN"][0]["Plan"]["Plan Rows"] > COMMON)


def _pattern(text: str) -> str:
    escaped = re.sub(r"([%_\\])", r"\\\1", text)
    return f"%{escaped}%"
