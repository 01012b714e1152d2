"""A clock that is set, by hours and in either direction, neither hides what died nor makes of what
lives something lost."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Interval
from earshot.storage.postgres import db, ledger, recordings, requests
from earshot.storage.postgres.recordings import NewChunk
from earshot.storage.redis import claims, presence, tries, waits
from earshot.storage.redis.claims import Claim
from earshot.storage.redis.presence import Worker
from tasks.messages.envelope import Headers
from tests.integration.rows import planned, registered
from tests.proxy import Proxy
from tests.servers import Stack
from trials.chaos.rows import clock

pytestmark = pytest.mark.integration

HOURS = 3 * 3600.0
STEP_SEC = 60.0
WEEKS = 14 * 86_400


def worker(seen: float, since: float, busy: dict[int, float] | None = None) -> Worker:
    return Worker(
        incarnation=uuid4().hex,
        node="a@b",
        queues=("scene",),
        children=(7, 8),
        busy=busy or {},
        since=since,
        seen=seen,
    )


def test_a_worker_whose_clock_was_set_is_heard_anew(bare_servers: Stack) -> None:
    redis, now = Redis.from_url(bare_servers.redis_url), time.time()
    ahead = worker(now + HOURS, now + HOURS)
    presence.announce(redis, ahead, 30)
    presence.announce(redis, ahead.model_copy(update={"since": now, "seen": now}), 30, anew=True)
    known = presence.named(redis, [ahead.incarnation])
    assert known[ahead.incarnation].since == now
    assert 0 <= presence.alive_sec(known, ahead.incarnation) < 30


SPEAKS = """
import sys, time
from earshot.storage.redis.presence import Worker
from tasks.process import presence
for line in sys.stdin:
    if line == "speak\\n":
        now = time.time()
        gone = Worker(
            incarnation="cut off", node="a@b", queues=(), children=(), since=now, seen=now
        )
        presence._say(gone, 30)
    print(time.time(), flush=True)
"""


@pytest.mark.skipif(clock.cannot_move() is not None, reason=str(clock.cannot_move()))
def test_a_clock_that_was_set_while_redis_was_away_is_told_afterwards(bare_servers: Stack) -> None:
    client, argv = Redis.from_url(bare_servers.redis_url), [sys.executable, "-c", SPEAKS]
    with Proxy(bare_servers.redis_url) as line, clock.movable():
        env = {**os.environ, **replace(bare_servers, redis_url=line.url).env()}
        with subprocess.Popen(
            argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told, answers = process.stdin, process.stdout

            def says(word: str) -> float:
                told.write(f"{word}\n")
                told.flush()
                return float(answers.readline())

            before = says("speak")
            Path(os.environ["FAKETIME_TIMESTAMP_FILE"]).write_text("-3h", encoding="ascii")
            waiting.until(lambda: says("time") < before - HOURS / 2, 20, "the clock to be set")
            line.black_hole()
            says("speak")
            assert presence.named(client, ["cut off"])["cut off"].since == pytest.approx(
                before, abs=20
            )
            line.open()
            after = says("speak")
            assert presence.named(client, ["cut off"])["cut off"].since == pytest.approx(
                after, abs=20
            )
            told.close()


def test_a_dead_workers_key_does_not_outlive_its_clock(bare_servers: Stack) -> None:
    redis, now = Redis.from_url(bare_servers.redis_url), time.time()
    dead = worker(now, now)
    presence.announce(redis, dead, 30)
    redis.expire(
        presence.PREFIX + dead.incarnation, int(HOURS)
    )  # what setting Redis's clock back makes of it
    presence.named(redis, [dead.incarnation])
    assert 0 < float(redis.pttl(presence.PREFIX + dead.incarnation)) <= 30_000


@pytest.mark.parametrize(
    ("busy", "fate"),
    [({7: HOURS}, "working"), ({}, "let_go"), ({7: -10.0}, "let_go"), ({8: HOURS}, "let_go")],
    ids=["at that job", "idle", "at a later job", "another child"],
)
def test_a_claim_of_before_the_clock_was_set_back(busy: dict[int, float], fate: str) -> None:
    now = time.time()
    holder = worker(now, now - 5, {pid: now + offset for pid, offset in busy.items()})
    claim = Claim(worker=holder.incarnation, node="a@b", pid=7, since=now + HOURS)
    assert claims.fate(claim, {holder.incarnation: holder}, watching=True) == fate


def test_what_was_started_in_the_future_says_nothing_of_a_queue(bare_servers: Stack) -> None:
    redis, now = Redis.from_url(bare_servers.redis_url), time.time()
    redis.zadd(waits.STARTED, {"scene": now + HOURS, "noise": now + HOURS})
    redis.lpush("scene", "a job")
    try:
        stand = waits.look(redis, ["scene"], [])["scene"]
        assert not stand.lost(now - 1000, now, 300)
        waits.started(redis, "scene", now - 5)
        assert waits.look(redis, ["scene"], [])["scene"].newest_started == pytest.approx(
            now - 5, abs=0.001
        )
    finally:
        redis.delete("scene", waits.STARTED)


def test_what_was_sent_in_the_future_counts_as_sent_now(bare_servers: Stack) -> None:
    asked, sent = uuid4(), uuid4()
    with db.connect(bare_servers.database_url) as connection:
        for each in (asked, sent):
            request = IngestRequest(uri=f"file:///{each}.wav", recording_id=each)
            recordings.register(connection, each, request, ("scene",), "en")
        chunk = NewChunk(index=0, span=Interval(start_ms=0, end_ms=9), speech=(), wanted=("scene",))
        connection.execute(
            "INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted, state,"
            " dispatched_at) VALUES (%(recording_id)s, %(index)s, %(start_ms)s, %(end_ms)s, '[]',"
            " %(wanted)s, 'dispatched', now() + interval '3 h')",
            chunk.row(sent),
        )
        connection.execute(
            "UPDATE recording SET ingest_sent_at = now() + interval '3 hours' WHERE id = %s",
            (asked,),
        )
        assert ledger.pull_back(connection) >= 1
        assert requests.pull_back(connection) >= 1
        assert sent in {each.recording_id for each in ledger.on_their_way(connection, 0)}
        assert asked in {each.id for each in requests.unfinished(connection, 0)}
        for each in (asked, sent):
            recordings.forget(connection, each)


def test_a_leap_ahead_makes_nobodys_waiting_longer_than_a_step(bare_servers: Stack) -> None:
    """Earlier records look two weeks old afterwards."""
    redis, task = Redis.from_url(bare_servers.redis_url), uuid4().hex
    assert tries.waited(redis, task, STEP_SEC) == 0
    redis.hset(f"waited:{task}", "at", time.time() - 10)
    assert tries.waited(redis, task, STEP_SEC) == pytest.approx(10, abs=5)
    redis.hset(f"waited:{task}", "at", time.time() - WEEKS)
    assert tries.waited(redis, task, STEP_SEC) == pytest.approx(70, abs=5)
    redis.hset(f"waited:{task}", "at", time.time() + WEEKS)
    assert tries.waited(redis, task, STEP_SEC) == pytest.approx(70, abs=5)
    earlier = "- make_interval(secs => %(by)s)"
    back = (
        f"UPDATE recording SET waits_since = waits_since {earlier}, waited_at = waited_at {earlier}"
    )
    with db.connect(bare_servers.database_url) as connection:
        recording_id = registered(connection, ["scene"])

        def waited_after(leap_sec: float) -> float:
            connection.execute(back.encode(), {"by": leap_sec})
            return requests.waits(connection, recording_id, "disk_full", STEP_SEC)

        assert waited_after(0) == 0
        assert waited_after(10) == pytest.approx(10, abs=5)
        assert waited_after(WEEKS) == pytest.approx(70, abs=5)
        assert waited_after(-WEEKS) == pytest.approx(70, abs=5)
        recordings.forget(connection, recording_id)


def test_a_retry_of_before_the_clock_was_set_back_is_taken_and_comes_soon() -> None:
    far = datetime.now(UTC) + timedelta(days=3)
    message = {"id": "1", "task": "ingest.recording", "eta": far.isoformat()}
    with pytest.raises(ValidationError):
        Headers.model_validate(message)
    eta = Headers.model_validate({**message, "retries": 4}).eta
    assert eta is not None
    assert eta < datetime.now(UTC) + timedelta(minutes=2)


def test_nothing_goes_for_its_age_on_the_day_of_a_leap(stage: Stack) -> None:
    redis = Redis.from_url(stage.redis_url)
    stage.settings["RETENTION"] = json.dumps({"recordings": 7})
    there = "SELECT count(*) AS n FROM recording"
    with db.connect(stage.database_url) as connection:
        planned(connection, ["scene"], 1)
        connection.execute("UPDATE recording SET state = 'complete', finished_at = now()")
        connection.execute(
            "UPDATE chunk SET state = 'merged', dispatched_at = now(), merged_at = now()"
        )
        assert stage.earshot("repair").returncode == 0
        redis.set("retention_seen", time.time() - WEEKS)
        connection.execute("UPDATE recording SET finished_at = now() - interval '14 days'")
        for _ in range(2):
            assert "nothing expires today" in stage.earshot("repair").stderr
            assert connection.execute(there).fetchone() == {"n": 1}
        assert 0 < redis.ttl("retention_held") <= 86_400
        redis.delete("retention_held")  # the day is over
        assert "1 recordings deleted for their age" in stage.earshot("repair").stdout
