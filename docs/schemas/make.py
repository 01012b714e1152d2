"""Writes ``docs/schemas/<name>.schema.json`` for every published message (``make schemas``)."""

import json
from pathlib import Path

from cli.published import PUBLISHED, schema

for name in PUBLISHED:
    text = json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
    Path(__file__).with_name(f"{name}.schema.json").write_text(text, encoding="utf-8")
