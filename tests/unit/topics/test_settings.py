"""Which glossary applies to a recording, and which version it has."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cli.doctor.glossaries import glossaries
from cli.ingest import options
from earshot.analysis.errors import Growing, Misconfigured
from earshot.analysis.request import IngestRequest
from earshot.pipeline.plan import requested
from earshot.pipeline.topics.glossaries import (
    applying,
    check_name,
    is_release,
    prepared,
    present,
    release_name,
)
from earshot.settings import Settings, settings
from tests.unit.topics.books import text, workbook

HEAD = ("id", "label", "terms")
Configure = Callable[..., None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Configure]:
    """Sets fields of the settings; the home is the test's folder."""

    def set_fields(**fields: Any) -> None:
        for name, value in {"home": str(tmp_path), **fields}.items():
            given = value if isinstance(value, str) else json.dumps(value)
            monkeypatch.setenv(f"EARSHOT_{name.upper()}", given)
        settings.cache_clear()

    yield set_fields
    settings.cache_clear()


def request(uri: str = "file:///data/7.wav", **fields: Any) -> IngestRequest:
    return IngestRequest.model_validate({"uri": uri, **fields})


FILES = {"b2c": "/g/b2c.csv", "b2b": "/g/b2b.xlsx"}


def test_the_request_then_the_url_then_the_tenant_then_the_rest(configure: Configure) -> None:
    by = {"s3://calls/": "b2b", "s3://calls/private/": None, "acme": "b2b", "*": "b2c"}
    configure(glossaries=FILES, source_glossaries=by)
    assert applying(request("s3://calls/1.wav")) == "b2b"
    assert applying(request("s3://calls/1.wav", glossary="b2c")) == "b2c"
    assert applying(request("s3://calls/private/1.wav")) is None
    assert applying(request(tenant="acme")) == "b2b"
    assert applying(request()) == "b2c"


def test_one_glossary_is_that_of_all_and_of_several_none(configure: Configure) -> None:
    configure(glossaries={"b2c": "/g/b2c.csv"})
    assert applying(request()) == "b2c"
    configure(glossaries=FILES)
    assert applying(request()) is None


def test_topics_are_asked_for_only_where_a_glossary_applies(configure: Configure) -> None:
    configure(glossaries=FILES)
    assert "topics" not in requested(request())
    assert "topics" in requested(request(glossary="b2c"))
    assert "topics" in requested(request(glossary="b2c", profile="live"))
    assert requested(request(analyses=("asr",), glossary="b2c")) == ("asr",)
    assert requested(request(analyses=("topics",))) == ("topics",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"glossaries": {"b2c": "a.txt"}}, "b2c: a.txt must end in .csv or .xlsx"),
        ({"glossaries": {"B2C": "a.csv"}}, "glossaries"),
        ({"glossaries": FILES, "source_glossaries": {"*": "b2x"}}, "names b2x, which glossaries"),
        ({"glossaries": FILES, "source_glossaries": {"No Tenant": "b2c"}}, "source_glossaries"),
    ],
)
def test_wrong_settings_are_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Settings(**fields)


def test_a_request_for_an_unknown_glossary_is_refused(configure: Configure) -> None:
    configure(glossaries=FILES)
    with pytest.raises(Misconfigured, match=r"no glossary named b2x$"):
        check_name("b2x")
    with pytest.raises(Misconfigured, match="no glossary named b2x"):
        options(None, None, "full", None, None, False, False, glossary="b2x")
    with pytest.raises(ValidationError):
        request(glossary="../b2c")


def test_a_changed_file_is_another_version(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "b2c.csv"
    file.write_bytes(text(HEAD, ("a", "A", "one")))
    configure(glossaries={"b2c": str(file)})
    first = prepared(request())
    assert first.name == f"b2c-{first.sha256[:8]}"
    assert is_release(first)
    for change in ({"name": "b2c-0"}, {"uri": "glossary:/etc/b2c.csv"}, {"analysis": "asr"}):
        assert not is_release(first.model_copy(update=change))
    file.write_bytes(text(HEAD, ("a", "A", "two")))
    assert release_name(request()) not in (None, first.name)
    second = prepared(request())
    stored = {path.name for path in (tmp_path / "audio" / "glossaries").iterdir()}
    assert stored == {f"{first.sha256}.csv", f"{second.sha256}.csv"}
    assert prepared(request()) == second
    with file.open("ab") as writer:
        writer.write(b"half a l")
        writer.flush()
        os.utime(file)
        assert present("b2c").sha256 == second.sha256, "while it is written, the one before"
    file.unlink()
    assert release_name(request()) is None
    with pytest.raises(Misconfigured, match=r"glossary b2c\.csv: cannot be read: .*does not exist"):
        prepared(request())


def test_a_release_names_the_model_unless_the_tenant_is_excluded(
    configure: Configure, tmp_path: Path
) -> None:
    (tmp_path / "b2c.csv").write_bytes(text(HEAD, ("a", "A", "one")))
    files = {"b2c": str(tmp_path / "b2c.csv")}
    plain = {"glossaries": files, "bedrock_excluded_tenants": ["private"]}
    configure(**plain, bedrock_model="some.model-v1:0")
    by_model = prepared(request())
    assert (by_model.runtime, is_release(by_model)) == ("bedrock", True)
    assert is_release(by_model.model_copy(update={"runtime": "glossary"})) is False
    excluded = prepared(request(tenant="private"))
    assert (excluded.runtime, excluded.name) == ("glossary", f"b2c-{excluded.sha256[:8]}")
    configure(**plain, bedrock_model="some.model-v1:0", summary_language="fr")
    assert prepared(request()).name != by_model.name, "answers without a summary are stale"
    configure(**plain, bedrock_model="")
    assert prepared(request()) == excluded


def test_a_file_that_is_written_is_waited_for(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    configure(glossaries={"new": str(file)})
    with file.open("wb") as writer:
        writer.write(b"id,la")
        writer.flush()
        with pytest.raises(Growing):
            present("new")


def test_doctor_reads_every_glossary(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "b2c.csv").write_bytes(text(HEAD, ("a", "A", "one; two"), ("b", "B", "three")))
    (tmp_path / "b2b.xlsx").write_bytes(workbook(HEAD, ("a", "A", "")))
    names = {"b2c": "b2c.csv", "b2b": "b2b.xlsx", "gone": "gone.csv"}
    configure(glossaries={name: str(tmp_path / file) for name, file in names.items()})
    good, bad, gone = glossaries()
    assert (good.level, good.line) == ("ok", "b2c: 2 topics, 3 terms")
    assert (bad.level, gone.level) == ("fail", "fail")
    assert "cell A2: this row has no term" in bad.line
    assert "does not exist" in gone.line
