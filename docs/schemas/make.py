"""Writes ``docs/schemas/<name>.schema.json`` for every published message, and ``docs/openapi.json``
(``make schemas``)."""

import json
from pathlib import Path

from cli.published import PUBLISHED, schema
from gateway.app import create, document


def written(content: object) -> str:
    """The text of a published file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    here = Path(__file__)
    for name in PUBLISHED:
        here.with_name(f"{name}.schema.json").write_text(written(schema(name)), encoding="utf-8")
    (here.parents[1] / "openapi.json").write_text(written(document(create())), encoding="utf-8")
