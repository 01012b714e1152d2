"""An installation of an earlier version goes on after the upgrade: its rows, messages, events and
reports are read, and its unfinished recordings are finished.

``version_0010.json`` holds what the version of migration 0010 left in Postgres and Redis:
recordings in every state, an open and a closed dead letter, a tombstone, queued jobs and requests,
events. The recordings are cuts of ``demo/call.ogg`` (``CUTS``), so their audio is made here.
"""

import base64
import json
import wave
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from psycopg import sql
from pydantic import BaseModel
from redis import Redis

from earshot.analysis.events import ClassificationEvent, DeletedEvent, RecordingEvent
from earshot.analysis.report.report import Report
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.media_file import opened
from earshot.audio.prepare import prepare
from earshot.registry import cards
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from earshot.storage.postgres.migrate import MIGRATIONS, migrate
from earshot.storage.redis import stream
from tests.servers import Stack

pytestmark = pytest.mark.integration

LEFT = Path(__file__).with_name("version_0010.json")
CUTS = {
    "complete": (0, 10),
    "rerun": (10, 20),
    "analyzing": (40, 50),
    "queued": (20, 26),
    "ingesting": (50, 58),
    "waiting": (70, 78),
}
"""Recording to the seconds of the demo call that it holds."""
EVENTS: dict[str, type[BaseModel]] = {
    "classification": ClassificationEvent,
    "recording.completed": RecordingEvent,
    "recording.deleted": DeletedEvent,
    "recording.failed": RecordingEvent,
}
RESUMED = ("rerun", "analyzing", "queued", "ingesting", "waiting")
TABLES = (
    "migration",
    "recording",
    "chunk",
    "finding",
    "segment",
    "report",
    "outbox",
    "dead_letter",
)


@pytest.fixture
def left(stage: Stack) -> dict[str, Any]:
    """The earlier version's rows, messages, events and files, in a stack of this version."""
    text = LEFT.read_text(encoding="utf-8").replace("{home}", str(stage.home))
    found: dict[str, Any] = json.loads(text)
    with psycopg.connect(stage.database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("CREATE TABLE migration (name text PRIMARY KEY, applied_at timestamptz)")
        for row in found["tables"]["migration"]:
            connection.execute((MIGRATIONS / row["name"]).read_bytes())
        for table in (*TABLES, *(set(found["tables"]) - set(TABLES))):
            _insert(connection, table, found["tables"].get(table, []))
    redis = Redis.from_url(stage.redis_url)
    for queue, messages in found["queues"].items():
        for message in reversed(messages):
            body = base64.b64encode(json.dumps(message["body"]).encode()).decode()
            redis.lpush(queue, json.dumps({**message, "body": body}))
    stream.publish(redis, found["events"])
    _files(stage, found)
    return found


def _insert(connection: psycopg.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    name = sql.Identifier(table)
    query = sql.SQL(
        "INSERT INTO {0} OVERRIDING SYSTEM VALUE"
        " SELECT * FROM json_populate_recordset(NULL::{0}, %s::json)"
    ).format(name)
    connection.execute(query, (json.dumps(rows),))
    keys = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s"
        " AND pg_get_serial_sequence(%s, column_name) IS NOT NULL",
        (table, table),
    ).fetchall()
    for (column,) in keys:
        last = max((int(row[column]) for row in rows), default=0) + 1
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table, column, last)
        )


def _files(stage: Stack, found: dict[str, Any]) -> None:
    """Writes the uploads that requests name, and the decoded audio of recordings."""
    call = _call()
    rows = {row["id"]: row for row in found["tables"]["recording"]}
    uris = {
        request["recording_id"]: request["uri"]
        for message in found["queues"]["ingest"]
        for request in message["body"][0]
    }
    for name, (start, end) in CUTS.items():
        recording_id = found["ids"][name]
        uri = uris.get(recording_id) or rows[recording_id]["request"]["uri"]
        path = Path(uri.removeprefix("file://"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(call[:, start * 16_000 : end * 16_000].T.tobytes())
        if rows.get(recording_id, {}).get("audio"):
            prepare(path, UUID(recording_id), f"file://{stage.home}/audio")


def _call() -> np.ndarray[Any, np.dtype[np.int16]]:
    with opened(PROJECT / "demo" / "call.ogg") as file:
        blocks = list(decode(file, probe(file), Tally()))
    return (np.clip(np.concatenate(blocks, axis=1), -1, 1) * 32767).astype("<i2")


def test_an_installation_of_migration_0010_goes_on(stage: Stack, left: dict[str, Any]) -> None:
    migrate(stage.database_url)
    ids = left["ids"]
    told = stage.earshot("list")
    for state in ("queued", "ingesting", "analyzing", "complete", "partial", "failed"):
        assert state in told.stdout, told

    with db.connect(stage.database_url) as connection:
        for row in left["tables"]["report"]:
            report = recordings.report(connection, UUID(row["recording_id"]))
            assert Report.model_validate(report).recording.id == UUID(row["recording_id"])
    assert "customer" in stage.earshot("report", ids["complete"]).stdout
    assert "worker_lost" in stage.earshot("dead", "list").stdout
    for event in left["events"]:
        EVENTS[event["type"]].model_validate(event)

    core, analyses = ("ingest", "merge", "finalize", "upkeep"), [card.name for card in cards()]
    stage.settings |= {"RECONCILE_EVERY_SEC": "1", "CHUNK_LEASE_SEC": "5"}
    with stage.workers("all", *core, *analyses, concurrency=2), stage.beat():
        states = {name: stage.wait_finished(ids[name]) for name in RESUMED}
    assert states == dict.fromkeys(RESUMED, "complete")
    again = json.loads(stage.earshot("report", ids["rerun"], "--json").stdout)
    assert {turn["role"] for turn in again["turns"]} == {"agent", "customer"}
    closed = stage.earshot("dead", "list", "--all").stdout
    assert [closed.count(state) for state in ("open", "discarded")] == [1, 1]
    assert ids["deleted"] not in stage.earshot("list").stdout
