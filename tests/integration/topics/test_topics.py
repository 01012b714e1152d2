"""Topics of a call by a glossary: in the report, the event and the table; a changed glossary makes
them stale, and one with a mistake is never used in part."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.servers import Stack, servers
from tests.unit.topics.books import text, workbook
from tests.unit.topics.converse import CREDENTIALS, converse, used

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
CORE = ("ingest", "merge", "finalize", "upkeep")
ASKED = ["asr", "topics"]
HEAD = ("Code", "Libellé", "Synonymes")
Running = tuple[Stack, Path, list[tuple[str, Any]]]
PARCEL = ("parcel", "Parcels", "package; delivery service")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The stack, the file of its glossary b2c, and what its language model was asked. The glossary
    b2b is that of the tenant acme, and nothing of the default tenant is sent to the model."""
    with servers() as stage, ExitStack() as opened:
        consumers, business = stage.home / "b2c.csv", stage.home / "b2b.xlsx"
        consumers.write_bytes(text(HEAD, PARCEL))
        business.write_bytes(workbook(HEAD, ("late", "Lateness", "supposed to arrive")))
        files = {"b2c": str(consumers), "b2b": str(business)}
        stage.settings["GLOSSARIES"] = json.dumps(files)
        stage.settings["SOURCE_GLOSSARIES"] = json.dumps({"acme": "b2b"})
        replies = [used({"topics": ["late"], "summary": "Le colis a du retard."})]
        url, asked = opened.enter_context(converse(replies))
        stage.settings["BEDROCK_MODEL"] = "some.model-v1:0"
        stage.settings["BEDROCK_REGION"] = "eu-west-3"
        stage.settings["BEDROCK_ENDPOINT_URL"] = url
        stage.settings["BEDROCK_EXCLUDED_TENANTS"] = json.dumps(["default"])
        stage.settings["SUMMARY_LANGUAGE"] = "fr"
        patched = opened.enter_context(pytest.MonkeyPatch.context())
        for name, value in CREDENTIALS.items():
            patched.setenv(name, value)
        opened.enter_context(stage.workers("core", *CORE))
        opened.enter_context(stage.workers("analyses", *ASKED))
        yield stage, consumers, asked


def report_of(stack: Stack, recording_id: str) -> dict[str, Any]:
    stack.wait_finished(recording_id)
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, recording_id)
    assert report is not None
    return report


def test_topics_are_reported_and_follow_the_glossary(running: Running) -> None:
    stack, file, asked = running
    sent = {"uri": stack.offer(DEMO), "analyses": ASKED}
    recording_id = enqueue(stack, {**sent, "glossary": "b2c"})["recording_id"]
    report = report_of(stack, recording_id)
    (found,) = report["topics"]["topics"]
    assert (found["id"], found["label"]) == ("parcel", "Parcels")
    turns = {turn["id"]: turn for turn in report["turns"]}
    for mention in found["mentions"]:
        turn = turns[mention["turn"]]
        assert (mention["speaker"], mention["role"]) == (turn["speaker"], turn["role"])
        assert mention["text"] in turn["text"]
        assert turn["start_ms"] <= mention["start_ms"] < mention["end_ms"] <= turn["end_ms"]
    assert {mention["term"] for mention in found["mentions"]} == {"package", "delivery service"}
    (release,) = report["releases"]["topics"]
    assert release == f"b2c-{report['topics']['version'][:8]}"
    events = [event for _, event in stream.read(Redis.from_url(stack.redis_url))]
    told = [event for event in events if "topics" in event]
    assert [(each["topics"]["label"], each["release"]) for each in told] == [("parcel", release)]
    exports = stack.home / "exports"
    written = stack.earshot("export", recording_id, "--format", "csv", "--out", str(exports))
    assert written.returncode == 0, written.stderr
    (table,) = exports.glob("*.csv")
    assert table.read_text(encoding="utf-8").rstrip().endswith(',"Parcels"')

    nothing = stack.earshot("rerun", recording_id, "--stale", "--dry-run")
    assert "topics" not in nothing.stdout
    file.write_bytes(text(HEAD, PARCEL, ("order", "Orders", "order number")))
    again = stack.earshot("rerun", recording_id, "--stale")
    assert "topics of the transcript" in again.stdout, again.stderr
    changed = report_of(stack, recording_id)
    assert changed["topics"]["version"] != report["topics"]["version"]
    assert changed["turns"] == report["turns"]

    file.write_bytes(text(HEAD, PARCEL, ("order", "Orders", "package")))
    assert stack.earshot("rerun", recording_id, "--stale").returncode == 1
    kept = report_of(stack, recording_id)
    assert kept["topics"] == changed["topics"]
    assert asked == []


def test_the_source_names_the_glossary_and_without_one_topics_are_missing(
    running: Running,
) -> None:
    stack, file, asked = running
    sent = {"uri": stack.offer(DEMO), "analyses": ASKED, "force": True}
    report = report_of(stack, enqueue(stack, {**sent, "tenant": "acme"})["recording_id"])
    assert [each["id"] for each in report["topics"]["topics"]] == ["late"]
    said = report["topics"]["by_model"]
    assert (said["status"], said["summary"]) == ("classified", "Le colis a du retard.")
    assert [each["label"] for each in said["topics"]] == ["Lateness"]
    assert re.fullmatch(r"b2b-[0-9a-f]{8}-bedrock-[0-9a-f]{8}", report["releases"]["topics"][0])
    assert len(asked) == 1
    assert "supposed to arrive" in asked[0][1]["messages"][0]["content"][0]["text"]
    client = Redis.from_url(stack.redis_url)
    assert [int(client.get(key) or 0) for key in client.scan_iter("tokens:*")] == [said["tokens"]]

    def missing(**asked: str) -> str:
        report = report_of(stack, enqueue(stack, {**sent, **asked})["recording_id"])
        assert report["topics"] is None
        ((name, code, detail),) = [
            (gap["analysis"], gap["code"], gap["detail"]) for gap in report["missing"]
        ]
        assert (name, code) == ("topics", "glossary")
        return str(detail)

    sent["analyses"] = ["topics"]
    assert missing(tenant="other").startswith("no glossary applies to this recording")
    file.write_bytes(text(HEAD, PARCEL, ("order", "Orders", "package")))
    twin = "glossary b2c.csv: line 3, column 3: 'package' stands in line 2, column 3 too"
    assert missing(glossary="b2c") == twin
    refused = enqueue(stack, {**sent, "glossary": "b2x"})
    assert refused["error"] == {
        "code": "glossary",
        "detail": "no glossary named b2x",
    }
