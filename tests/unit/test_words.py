"""Docstrings and comments name components and technical actions, not people who hear and tell."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from earshot.settings import PROJECT

FOLDERS = (
    "cli",
    "demo",
    "earshot/analysis",
    "earshot/audio",
    "earshot/compute",
    "earshot/models",
    "earshot/net",
    "earshot/noise",
    "earshot/pipeline",
    "earshot/settings",
    "earshot/storage",
    "evaluation",
    "producer",
    "tasks",
    "training",
    "trials",
    "workers",
)
"""Folders that are written so; to be extended to all packages."""
DENIED = (
    "anybody",
    "nobody",
    "somebody",
    "whatever",
    "whoever",
    "are heard",
    "be heard",
    "is heard",
    "was heard",
    "were heard",
    "are told",
    "be told",
    "is told",
    "was told",
    "tells of",
    "told apart",
    "is said",
    "was said",
    "says so",
    "by the clock",
    "goes on",
    "handed in",
    "put aside",
    "taken up",
)
PATTERN = re.compile(rf"\b(?:{'|'.join(DENIED)})\b", re.IGNORECASE)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every docstring and comment with its first line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, str):
                yield node.lineno, " ".join(value.split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_avoid_the_denied_phrases(folder: str) -> None:
    files = sorted((PROJECT / folder).rglob("*.py"))
    assert files
    found = [
        f"{path.relative_to(PROJECT)}:{line}: {match[0]!r} in {text[:80]!r}"
        for path in files
        for line, text in texts(path.read_text(encoding="utf-8"))
        if (match := PATTERN.search(text))
    ]
    assert not found, "\n".join(found)


def test_docstrings_attributes_and_comments_are_found() -> None:
    source = (
        '"""Module."""\nLIMIT = 1  # trailing\n"""Attribute."""\n\n\n'
        'def f():\n    """Function."""\n'
    )
    assert sorted(text for _, text in texts(source)) == [
        "# trailing",
        "Attribute.",
        "Function.",
        "Module.",
    ]
