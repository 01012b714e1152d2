"""Loads the named queries of ``earshot/storage/postgres/sql/*.sql``; each starts with a line ``--
name: some_name``."""

import re
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def queries(topic: str) -> dict[str, LiteralString]:
    """All queries of ``sql/<topic>.sql`` by name.

    The cast is safe: the text comes from a file of this package, never from input.
    """
    text = (Path(__file__).parent / "sql" / f"{topic}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return {
        name: cast(LiteralString, body.strip())
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
