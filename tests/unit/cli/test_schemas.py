"""The published schemas are those of the types that the code validates with."""

import json

import pytest

from cli.published import PUBLISHED, schema
from earshot.settings import PROJECT

FILES = {
    path.name.removesuffix(".schema.json"): path
    for path in (PROJECT / "docs" / "schemas").glob("*.schema.json")
}


def test_every_published_message_has_a_file_and_no_other() -> None:
    assert set(FILES) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_file_says_what_the_type_says(name: str) -> None:
    assert json.loads(FILES[name].read_text(encoding="utf-8")) == schema(name), "run `make schemas`"
