"""``make down`` in mid-work and ``make up`` again: everything is finished once, without
intervention."""

import json
import time

import pytest

from cli.localstack import waiting
from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.integration.machine import Machine

pytestmark = pytest.mark.integration

DEMO = str(PROJECT / "demo" / "call.ogg")
QUICKLY = {
    "EARSHOT_CHUNK_DURATION_SEC": "4",
    "EARSHOT_CHUNK_MAX_SEC": "6",
    "EARSHOT_OVERLAP_SEC": "0.5",
}
"""Short chunks make many of them out of the demo call, so that there is a middle in which to
stop."""
WITHIN_SEC = 120.0


def test_what_was_under_way_is_finished_after_the_next_start(machine: Machine) -> None:
    machine.env |= QUICKLY
    assert machine.earshot("up").returncode == 0
    ids = [
        machine.earshot("ingest", DEMO, "--no-wait", "--force").stdout.split()[0] for _ in range(3)
    ]
    with db.connect(machine.urls()["database_url"]) as connection:
        merged = (
            "SELECT count(*) FILTER (WHERE state = 'merged') AS done, count(*) AS there FROM chunk"
        )

        def in_the_middle() -> bool:
            row = connection.execute(merged).fetchone()
            return row is not None and 0 < row["done"] < row["there"]

        waiting.until(in_the_middle, WITHIN_SEC, "the middle of the work")
    began = time.monotonic()
    down = machine.earshot("down")
    assert down.returncode == 0, down.stderr
    assert "killed" not in down.stderr
    assert time.monotonic() - began < 30
    assert machine.living() == []

    assert machine.earshot("up").returncode == 0
    with db.connect(machine.urls()["database_url"]) as connection:
        closed = "SELECT state FROM recording WHERE finished_at IS NOT NULL"
        waiting.until(
            lambda: len(connection.execute(closed).fetchall()) == len(ids),
            WITHIN_SEC,
            "the end of the work",
        )
        assert [row["state"] for row in connection.execute(closed)] == ["complete"] * len(ids)
        assert connection.execute("SELECT max(attempts) AS most FROM chunk").fetchone() == {
            "most": 1
        }
    told = [json.loads(line) for line in machine.earshot("events").stdout.splitlines()]
    assert sorted(
        event["recording_id"] for event in told if event["type"] == "recording.completed"
    ) == sorted(ids)
    assert len({event["id"] for event in told}) == len(told)
