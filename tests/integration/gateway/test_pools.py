"""Pools over HTTP, with real workers: what waits, pauses that workers keep to, and dead letters."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.pipeline import standing
from earshot.pools import STAGES
from earshot.settings import PROJECT
from earshot.storage.postgres import db, ledger
from tests.integration.gateway.clients import client_of
from tests.servers import Stack

pytestmark = pytest.mark.integration
DEMO = PROJECT / "demo" / "call.ogg"
LETTER = """
INSERT INTO dead_letter (recording_id, chunk_index, round, analysis, release, code, reason, worker,
    attempts)
VALUES (%s, %s, 1, 'scene', 'scene-embedded-1', 'worker_lost', 'it ended 3 workers', 'scene@x', 3)
"""


@pytest.fixture
def running(stage: Stack) -> Iterator[httpx2.Client]:
    """A gateway on servers without workers, and an operator."""
    with stage.gateway() as url, client_of(stage, url, "operator") as made:
        yield made


def submitted(client: httpx2.Client) -> str:
    sent = client.post(
        "/recordings", files={"file": ("a.ogg", DEMO.read_bytes())},
        data={"analyses": "scene", "force": "true"},
    )  # fmt: skip
    assert sent.status_code == 202, sent.text
    return str(sent.json()["id"])


def pool(client: httpx2.Client, name: str) -> dict[str, Any]:
    answer = client.get("/pools")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = next(each for each in answer.json()["pools"] if each["pool"] == name)
    return found


def unmerged(stage: Stack) -> int:
    with db.connect(stage.database_url) as connection:
        return ledger.unmerged(connection)


def until(done: Callable[[], bool], sec: float = 60) -> None:
    waiting.became(done, sec)
    assert done()


def test_a_pause_outlasts_worker_and_redis_and_ends_when_asked(
    stage: Stack, running: httpx2.Client
) -> None:
    redis = Redis.from_url(stage.redis_url)
    paused = running.post("/pools/scene/pause")
    assert paused.json()["state"] == "paused"
    with stage.workers("core", *STAGES), stage.workers("scene", "scene"):
        made = submitted(running)
        until(lambda: 0 < unmerged(stage) == redis.llen("scene"))
        jobs = redis.llen("scene")
        standing = pool(running, "scene")
        assert (standing["depth"], standing["workers"], standing["busy"]) == (jobs, 1, 0)
        assert standing["oldest_sec"] >= 0
        assert standing["empty_in_sec"] is None
        assert standing["chunks"] == unmerged(stage)
    redis.delete("paused")  # as if Redis had lost it: upkeep brings it back before workers start
    assert stage.earshot("repair").returncode == 0
    with stage.workers("core", *STAGES), stage.workers("scene", "scene"):
        until(lambda: pool(running, "scene")["workers"] == 1)
        stuck = stage.earshot("doctor", "--stuck").stdout
        assert "unserved" not in stuck
        assert redis.llen("scene") == jobs
        assert running.get(f"/recordings/{made}").json()["state"] == "analyzing"
        assert running.post("/pools/scene/resume").json()["state"] == "running"
        assert stage.wait_finished(made) == "complete"
        ended = pool(running, "scene")
        assert (ended["depth"], ended["chunks"], ended["empty_in_sec"]) == (0, 0, 0)
        assert ended["per_minute"] > 0


def test_a_worker_at_work_stops_at_its_next_heartbeat(stage: Stack, running: httpx2.Client) -> None:
    redis = Redis.from_url(stage.redis_url)
    with stage.workers("core", *STAGES), stage.workers("scene", "scene"):
        assert stage.wait_finished(submitted(running)) == "complete"
        running.post("/pools/scene/pause")
        log = stage.home / "logs" / "scene.log"
        until(lambda: "queue scene is paused" in log.read_text())
        made = submitted(running)
        until(lambda: redis.llen("scene") > 0)
        listed = stage.earshot("pools", "list").stdout
        assert "paused" in next(line for line in listed.splitlines() if line.startswith("scene"))
        assert stage.earshot("pools", "resume", "scene").returncode == 0
        assert stage.wait_finished(made) == "complete"


def test_every_pool_has_its_figures(running: httpx2.Client) -> None:
    found = running.get("/pools").json()
    assert [each["pool"] for each in found["pools"]] == list(standing.names())
    assert {each["state"] for each in found["pools"]} == {"unserved"}
    assert all(each["depth"] == 0 and each["oldest_sec"] is None for each in found["pools"])
    submitted(running)
    waiting_ = pool(running, "ingest")
    assert (waiting_["depth"], waiting_["chunks"]) == (1, 1)
    assert 0 <= waiting_["oldest_sec"] < 60


def test_what_cannot_be_paused(running: httpx2.Client) -> None:
    upkeep = running.post("/pools/upkeep/pause")
    assert (upkeep.status_code, upkeep.json()["code"]) == (409, "not_pausable")
    assert not pool(running, "upkeep")["pausable"]
    shadow = running.post("/pools/shadow/pause")
    assert (shadow.status_code, "earshot release shadow" in shadow.json()["detail"]) == (409, True)
    assert running.post("/pools/nothing/pause").status_code == 404
    assert running.post("/pools/scene/resume").json()["paused"] is False


def test_operating_needs_an_operator(stage: Stack, running: httpx2.Client) -> None:
    with client_of(stage, str(running.base_url), "admin") as admin:
        for method, path in (
            ("GET", "/pools"),
            ("POST", "/pools/asr/pause"),
            ("GET", "/dead-letters"),
            ("POST", "/dead-letters/replay"),
        ):
            assert admin.request(method, path).status_code == 403


def test_dead_letters_are_listed_page_by_page_replayed_and_discarded(
    stage: Stack, running: httpx2.Client
) -> None:
    with stage.workers("core", *STAGES), stage.workers("scene", "scene"):
        made = submitted(running)
        assert stage.wait_finished(made) == "complete"
        with db.connect(stage.database_url) as connection:
            row = connection.execute("SELECT count(*) AS n FROM chunk WHERE index >= 0").fetchone()
            assert row is not None
            assert row["n"] >= 3
            for index in range(3):
                connection.execute(LETTER, (UUID(made), index))
        first = running.get("/dead-letters", params={"limit": 2}).json()
        rest = running.get("/dead-letters", params={"cursor": first["next_cursor"]}).json()
        found = [*first["dead_letters"], *rest["dead_letters"]]
        assert [each["chunk_index"] for each in found] == [0, 1, 2]
        assert rest["next_cursor"] is None
        assert {each["tenant"] for each in found} == {"default"}
        assert pool(running, "scene")["dead_letters"] == 3
        ids = [each["id"] for each in found]
        gone = running.post("/dead-letters/discard", json={"ids": [ids[2], 10**6]})
        assert gone.json() == {"discarded": [ids[2]]}
        answer = running.post("/dead-letters/replay", json={"ids": ids}).json()
        assert answer["replayed"] == ids[:2]
        assert [(each["id"], each["code"]) for each in answer["refused"]] == [(ids[2], "not_open")]
        assert stage.wait_finished(made) == "complete"
        assert running.get(f"/recordings/{made}").json()["round"] == 2
        assert running.get("/dead-letters").json()["dead_letters"] == []
        states = running.get("/dead-letters", params={"state": "all"}).json()["dead_letters"]
        assert [each["state"] for each in states] == ["replayed", "replayed", "discarded"]
