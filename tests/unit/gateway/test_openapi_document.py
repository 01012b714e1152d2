"""The published OpenAPI document is that of the application, and complete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from earshot.settings import PROJECT
from gateway.app import create, document
from gateway.door import LONGEST, NEEDS

METHODS = ("get", "put", "post", "delete", "patch")


PUBLISHED: dict[str, Any] = json.loads(
    (PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")
)


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in PUBLISHED["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def test_the_published_document_is_that_of_the_application() -> None:
    assert document(create()) == PUBLISHED, "run `make schemas`"


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_every_operation_is_described(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation[NEEDS] in ("none", "read", "write", "admin", "operator")
    assert operation[LONGEST] > 0
    assert ("401" in operation["responses"]) >= (operation[NEEDS] != "none")


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_every_operation_has_an_example(name: str, operation: dict[str, Any]) -> None:
    """Of its body, where it takes one, and of its answer, where that is JSON."""
    parts = [operation["requestBody"]] if "requestBody" in operation else []
    parts += [part for status, part in operation["responses"].items() if status.startswith("2")]
    for part in parts:
        for media_type, content in part.get("content", {}).items():
            if "json" in media_type or "form-data" in media_type:
                assert "example" in content or "examples" in content or _in_schema(content), (
                    f"{name}: {media_type} has no example"
                )


def _in_schema(content: dict[str, Any]) -> bool:
    """An example beside the type, which the document names."""
    schema = content.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    schema = PUBLISHED["components"]["schemas"].get(name, schema)
    return "examples" in schema or "example" in schema
