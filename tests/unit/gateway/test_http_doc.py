"""``docs/http.md`` names what is there: its commands, settings, links and codes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from earshot.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "http.md").read_text(encoding="utf-8")
PATHS = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))["paths"]
LONGEST_LINE = 160


def calls() -> Iterator[tuple[str, str]]:
    """Method and path of every curl."""
    for line in TEXT.replace("\\\n", " ").splitlines():
        found = re.search(r"\bcurl .*\$URL(/[^\s?\"]*)", line)
        if found:
            stated = re.search(r"-X (\w+)", line)
            sends = re.search(r" (-F|--json|--data-binary) ", line)
            yield stated[1] if stated else ("POST" if sends else "GET"), found[1]


@pytest.mark.parametrize(("method", "path"), sorted(set(calls())))
def test_a_command_asks_for_an_operation(method: str, path: str) -> None:
    named = [each for each in PATHS if re.sub(r"{\w+}", "$ID", each) == path]
    assert [each for each in named if method.lower() in PATHS[each]], f"{method} {path}"


def test_every_operation_has_a_command_or_is_named() -> None:
    asked = {path for _, path in calls()}
    for path in PATHS:
        assert re.sub(r"{\w+}", "$ID", path) in asked or path in TEXT, path


def test_settings_and_links_exist() -> None:
    named = set(re.findall(r"EARSHOT_([A-Z_]+)", TEXT))
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)
    for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", TEXT):
        assert (DOCS / target).exists(), target


def test_lines_can_be_read() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > LONGEST_LINE] == []
