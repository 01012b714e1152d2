"""Releases in shadow: their samples, answers and costs; what a recording is answered by stays as it
is."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from redis import Redis

from cli.localstack import waiting
from cli.releases.changing import roll_back
from cli.releases.shadowing import begin_shadow, end_shadow, show_difference
from earshot.analysis.errors import Permanent
from earshot.analysis.outcome import Failed, Skipped
from earshot.analysis.types import ChunkKey, Release
from earshot.audio.store.layout import pcm_uri
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import MODELS, sha256
from earshot.pipeline import standing
from earshot.pipeline.releasing import promotion
from earshot.pipeline.releasing.answering import Analyser, Throttle, answer_next
from earshot.settings import settings
from earshot.storage import retention
from earshot.storage.postgres import db, ledger, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.releases import Change
from earshot.storage.redis import client, presence
from earshot.storage.releases import registered, shadows
from earshot.storage.releases.registered import Made
from tests.integration.enqueue import enqueue
from tests.integration.releases.trained import sound, unread, write
from tests.integration.rows import planned
from tests.servers import Stack
from workers.run import load, run

pytestmark = pytest.mark.integration

ME = Change(by="me", why="a test")
NOISE = default_release("noise")
OURS = Analyser(lambda release: load(release.analysis, release, "cpu"), partial(run, device="cpu"))
CHUNKS = 3


@pytest.fixture
def connection(own_settings: None, database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM recording")
        opened.execute("DELETE FROM release")


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(1.0)


def candidate(connection: Connection, folder: Path, name: str) -> Release:
    path = folder / f"{name}.onnx"
    path.write_bytes((MODELS / NOISE.uri).read_bytes() + unread(name))
    release = NOISE.model_copy(update={"name": name, "uri": str(path), "sha256": sha256(path)})
    assert registered.register(connection, release, Made(licence="CC0-1.0"), ME)
    return release


def answered(connection: Connection, *, by: str = NOISE.name, sounding: bool = False) -> UUID:
    """A finished recording whose chunks have an answer of that release."""
    recording_id = planned(connection, ["noise"], CHUNKS)
    uri = pcm_uri(settings().store_url, recording_id, 16_000)
    if sounding:
        path = Path(uri.removeprefix("file://"))
        path.parent.mkdir(parents=True)
        path.write_bytes((sound("white_noise", 1) * 32_000).astype("<i2").tobytes())
    ledger.take_pending(connection, recording_id)
    keys = [ChunkKey(recording_id=recording_id, index=index) for index in range(CHUNKS)]
    outcome = Staged(release=by, outcome=Skipped(reason="no_speech"))
    assert ledger.merge(connection, {key: {"noise": outcome} for key in keys}) == keys
    finished = (
        "UPDATE recording SET state = 'complete', finished_at = now(),"
        " audio = jsonb_build_object('16000', %s::text) WHERE id = %s"
    )
    connection.execute(finished, (uri, recording_id))
    return recording_id


def state(connection: Connection, recording_id: UUID, release: str) -> Any:
    query = (
        "SELECT state, code, (SELECT count(*) FROM shadow_answer a WHERE a.recording_id ="
        " d.recording_id AND a.release = d.release) AS answers FROM shadow_recording d"
        " WHERE recording_id = %s AND release = %s"
    )
    row = connection.execute(query, (recording_id, release)).fetchone()
    return row and (row["state"], row["code"], row["answers"])


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_several_answer_the_same_sample_and_nothing_else_changes(
    connection: Connection,
    tmp_path: Path,
    throttle: Throttle,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = answered(connection)
    for name in ("noise-a", "noise-b"):
        candidate(connection, tmp_path, name)
        begin_shadow(name, None, 1.0, "a trial", as_json=True)
        assert printed(capsys) == {"release": name, "analysis": "noise", "share": 1.0}
    audible, silent = answered(connection, sounding=True), answered(connection)
    other = answered(connection, by="noise-z", sounding=True)
    rows = [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall()
        for table in ("finding", "outbox", "report", "chunk", "recording")
    ]
    assert shadows.sample(connection, 100) == 6
    assert shadows.sample(connection, 100) == 6  # each is noted once
    pools = {each.pool: each for each in standing.apart(connection, client.client())}
    assert (pools["shadow"].state, pools["shadow"].chunks, pools["shadow"].depth) == (
        "unserved",
        6,
        0,
    )
    assert (pools["retrain"].failures, pools["retrain"].pausable) == (0, False)
    while answer_next(OURS, throttle):
        pass
    for name in ("noise-a", "noise-b"):
        assert state(connection, before, name) is None
        assert state(connection, audible, name) == ("done", None, CHUNKS)
        assert state(connection, silent, name) == ("done", None, CHUNKS)
    assert rows == [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall()
        for table in ("finding", "outbox", "report", "chunk", "recording")
    ]
    show_difference("noise-a", None, None, 2, as_json=True)
    found = printed(capsys)
    assert (found["stage"], found["share"], found["against"]) == ("shadow", 1.0, NOISE.name)
    assert (found["recordings"], found["chunks"], found["flips"]) == (2, CHUNKS, CHUNKS)
    assert found["flip_table"][0]["was"] == "(no_speech)"
    assert found["failures"] == {"missing": CHUNKS}
    assert found["left_out"] == {"noise-z": CHUNKS}
    assert found["cpu"]["candidate"] > 0
    assert [clip["recording_id"] for clip in found["clips"]] == [str(audible)] * 2
    assert found["sampled"] == [{"state": "done", "code": None, "recordings": 3}]
    show_difference("noise-b", None, "noise-z", 2, as_json=False)
    assert f"left out: {2 * CHUNKS} chunks that {NOISE.name}" in capsys.readouterr().out
    deleted = tombstones.bury(connection, [other], "asked", 0, 0)
    assert deleted == [other]
    assert state(connection, other, "noise-a") is None
    retention.drop_scores(connection, [audible])
    assert state(connection, audible, "noise-a") == ("done", None, 0)


def test_a_sample_is_a_hash_of_the_recording_and_grows_with_the_share(
    connection: Connection, tmp_path: Path
) -> None:
    small, large = (candidate(connection, tmp_path, name) for name in ("noise-s", "noise-l"))
    for release, share in ((small, 0.2), (large, 0.5)):
        row = registered.find(connection, release.name)
        promotion.check(row, settings())
        with connection.transaction():
            assert shadows.begin(connection, release, share, {})
    made = (
        "INSERT INTO recording (id, state, request, file_name, sha256, analyses, language,"
        " duration_ms, channels, audio, created_at, finished_at)"
        " SELECT md5(n::text)::uuid, 'complete', '{}', 'x.wav', md5(n::text) || md5(n::text),"
        """ '{noise}', 'en', 1000, 1, '{"16000": "file:///x.pcm"}', now(), now()"""
        " FROM generate_series(1, 2000) AS n"
    )
    connection.execute(made)
    shadows.sample(connection, 5000)
    found = {
        release.name: {
            row["recording_id"]
            for row in connection.execute(
                "SELECT recording_id FROM shadow_recording WHERE release = %s", (release.name,)
            )
        }
        for release in (small, large)
    }
    assert found["noise-s"] < found["noise-l"]
    assert 350 < len(found["noise-s"]) < 450
    assert 930 < len(found["noise-l"]) < 1070
    shadows.sample(connection, 300)
    counted = {state: number for state, _, number in shadows.counts(connection, large)}
    assert counted == {"waiting": 300, "dropped": len(found["noise-l"]) - 300}


def test_an_answer_is_stored_once_and_by_who_has_the_recording(
    connection: Connection, tmp_path: Path
) -> None:
    release = candidate(connection, tmp_path, "noise-once")
    begin_shadow("noise-once", None, 1.0, None, as_json=True)
    recording_id = answered(connection)
    shadows.sample(connection, 10)
    lost = shadows.take(connection, "first", -1)  # its worker is gone at once
    taken = shadows.take(connection, "second", 60)
    assert lost is not None
    assert taken is not None
    assert (lost.attempts, taken.attempts, taken.recording_id) == (1, 2, recording_id)
    assert shadows.take(connection, "third", 60) is None
    [row, *_] = shadows.unanswered(connection, taken)
    store = partial(shadows.put, connection, taken)
    outcomes = [Failed(code=code, detail="-") for code in ("a", "b", "c")]
    assert not store("first", row, outcomes[0], 1.0, 60)
    assert store("second", row, outcomes[1], 1.0, 60)
    assert store("second", row, outcomes[2], 2.0, 60)
    query = "SELECT outcome ->> 'code' AS code FROM shadow_answer"
    [stored] = connection.execute(query).fetchall()
    assert stored["code"] == "c"
    shadows.finish(connection, taken, "first", "done")
    assert state(connection, recording_id, release.name) == ("running", None, 1)
    connection.execute("UPDATE recording SET round = 2 WHERE id = %s", (recording_id,))
    assert not store("second", row, outcomes[0], 1.0, 60)
    shadows.sample(connection, 10)  # answered anew, in that round
    assert state(connection, recording_id, release.name) == ("waiting", None, 0)
    end_shadow("noise-once", None, None, as_json=True)
    assert state(connection, recording_id, release.name) is None


def test_a_later_shadow_has_nothing_of_an_earlier_one(
    connection: Connection, tmp_path: Path
) -> None:
    release = candidate(connection, tmp_path, "noise-again")
    begin_shadow("noise-again", None, 1.0, None, as_json=True)
    recording_id = answered(connection)
    shadows.sample(connection, 10)
    taken = shadows.take(connection, "first", 60)
    assert taken is not None
    for row in shadows.unanswered(connection, taken):
        assert shadows.put(connection, taken, "first", row, Skipped(reason="no_speech"), 1.0, 60)
    shadows.finish(connection, taken, "first", "done")
    end_shadow("noise-again", None, None, as_json=True)
    assert state(connection, recording_id, release.name) == ("done", None, CHUNKS)  # for `diff`
    begin_shadow("noise-again", None, 1.0, None, as_json=True)
    begin_shadow("noise-again", None, 0.5, None, as_json=True)
    assert shadows.counts(connection, release) == []
    assert connection.execute("SELECT FROM shadow_answer").rowcount == 0


def test_what_is_begun_is_not_dropped_and_goes_with_its_shadow(
    connection: Connection, tmp_path: Path
) -> None:
    candidate(connection, tmp_path, "noise-long")
    begin_shadow("noise-long", None, 1.0, None, as_json=True)
    begun = answered(connection)
    shadows.sample(connection, 10)
    taken = shadows.take(connection, "first", 60)
    assert taken is not None
    row, said = shadows.unanswered(connection, taken)[0], Skipped(reason="no_speech")
    assert shadows.put(connection, taken, "first", row, said, 1.0, 60)
    shadows.put_back(connection, taken, "first")  # its time is over
    later = [answered(connection) for _ in range(3)]
    shadows.sample(connection, 2)
    states = [state(connection, each, "noise-long")[0] for each in (begun, *later)]
    assert (states[0], sorted(states[1:])) == ("waiting", ["dropped", "waiting", "waiting"])
    end_shadow("noise-long", None, None, as_json=True)
    assert connection.execute("SELECT FROM shadow_answer").rowcount == 0


def test_a_shadow_ends_while_upkeep_notes_recordings(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    release = candidate(connection, tmp_path, "noise-ended")
    begin_shadow(release.name, None, 1.0, None, as_json=True)
    recording_id = answered(connection)
    shadows.sample(connection, 10)
    connection.execute("UPDATE recording SET round = 2 WHERE id = %s", (recording_id,))
    with ThreadPoolExecutor(1) as pool, db.connect(database_url) as other:
        with other.transaction():
            args = {"analysis": "noise", "name": release.name}
            assert other.execute(shadows.SQL["end"], args).rowcount == 1
            noting = pool.submit(shadows.sample, connection, 10)
            deadline = time.monotonic() + 10
            while not other.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                assert time.monotonic() < deadline
                time.sleep(0.01)  # between two looks
            other.execute(shadows.SQL["forget_ended"])
        assert noting.result(10) == 0
    assert state(connection, recording_id, release.name) is None


def test_recordings_that_end_workers_are_given_up_and_then_the_shadow_is(
    connection: Connection, tmp_path: Path, throttle: Throttle
) -> None:
    candidate(connection, tmp_path, "noise-lost")
    begin_shadow("noise-lost", None, 1.0, None, as_json=True)
    most = settings().max_attempts
    for number in range(1, most + 1):
        recording_id = answered(connection)
        shadows.sample(connection, 10)
        for attempt in range(most):
            assert shadows.take(connection, f"worker {attempt}", -1) is not None
        assert not answer_next(OURS, throttle)
        assert state(connection, recording_id, "noise-lost") == ("failed", "worker_lost", 0)
        stage = registered.find(connection, "noise-lost").stage
        assert stage == ("candidate" if number == most else "shadow")
    [*_, last] = registered.events(connection, "noise")
    assert last.why == f"its workers were lost with {most} recordings"


def test_a_changed_file_ends_the_shadow_with_the_reason(
    connection: Connection, tmp_path: Path, throttle: Throttle
) -> None:
    release = candidate(connection, tmp_path, "noise-changed")
    kept = candidate(connection, tmp_path, "noise-kept")
    for name in (release.name, kept.name):
        begin_shadow(name, None, 1.0, None, as_json=True)
    recording_id = answered(connection, sounding=True)
    shadows.sample(connection, 10)
    Path(release.uri).write_bytes(b"something else")
    while answer_next(OURS, throttle):
        pass
    assert registered.find(connection, release.name).stage == "candidate"
    last = [each for each in registered.events(connection, "noise") if each.release == release.name]
    assert (last[-1].from_stage, last[-1].to_stage) == ("shadow", "candidate")
    assert (last[-1].by, "sha256" in last[-1].why) == ("shadow worker", True)
    assert state(connection, recording_id, release.name) is None
    assert state(connection, recording_id, kept.name) == ("done", None, CHUNKS)
    with pytest.raises(Permanent, match="sha256"):
        begin_shadow(release.name, None, 1.0, None, as_json=True)


def test_a_checkpoint_that_no_worker_can_open_ends_the_shadow(
    connection: Connection, tmp_path: Path, throttle: Throttle
) -> None:
    path = tmp_path / "noise-broken.onnx"
    path.write_bytes(b"no network")
    release = NOISE.model_copy(update={"name": path.stem, "uri": str(path), "sha256": sha256(path)})
    assert registered.register(connection, release, Made(), ME)
    begin_shadow(release.name, None, 1.0, None, as_json=True)
    answered(connection, sounding=True)
    shadows.sample(connection, 10)
    assert not answer_next(OURS, throttle)
    [*_, last] = registered.events(connection, "noise")
    assert (last.release, last.to_stage, last.by) == (release.name, "candidate", "shadow worker")
    assert "Protobuf" in last.why


def test_stages_before_and_after(connection: Connection, tmp_path: Path) -> None:
    release = candidate(connection, tmp_path, "noise-staged")
    began = max(each.id for each in registered.events(connection))
    begin_shadow(release.name, None, 0.1, "first", as_json=True)
    begin_shadow(release.name, None, 0.4, "more of it", as_json=True)
    promotion.promote(connection, registered.find(connection, release.name), ME, settings())
    with pytest.raises(Permanent, match="answers already"):
        begin_shadow(release.name, None, 0.1, None, as_json=True)
    with pytest.raises(Permanent, match="--against"):
        show_difference(release.name, None, None, 1, as_json=True)
    roll_back("noise", None, as_json=True)
    begin_shadow(release.name, None, 0.1, "once more", as_json=True)
    end_shadow(release.name, None, "enough", as_json=True)
    with pytest.raises(Permanent, match="its stage is retired"):
        end_shadow(release.name, None, None, as_json=True)
    steps = [
        (each.from_stage, each.to_stage, each.metrics)
        for each in registered.events(connection, "noise")
        if each.id > began and each.release == release.name
    ]
    assert steps == [
        ("candidate", "shadow", {"share": 0.1}),
        ("shadow", "shadow", {"share": 0.4}),
        ("shadow", "active", None),
        ("active", "retired", None),
        ("retired", "shadow", {"share": 0.1}),
        ("shadow", "retired", None),
    ]
    asr = default_release("asr").model_copy(update={"name": "asr-x"})
    assert registered.register(connection, asr, Made(), ME)
    with pytest.raises(Permanent, match="have no comparison"):
        begin_shadow("asr-x", None, 0.1, None, as_json=True)


def test_real_workers_answer_in_shadow(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= {"RECONCILE_EVERY_SEC": "1", "SHADOW_CPU_SHARE": "0.5"}
    with db.connect(stage.database_url) as connection:
        first, second = (candidate(connection, tmp_path, name) for name in ("noise-a", "noise-b"))
        assert shadows.begin(connection, second, 1.0, {})
    done = stage.earshot("release", "shadow", first.name, "--share", "1")
    assert "`earshot worker shadow` starts one" in done.stderr, done
    core = ("ingest", "merge", "finalize", "upkeep", "noise")
    with stage.workers("core", *core, concurrency=2), stage.beat():
        path = write(tmp_path / "call.wav", sound("white_noise", 7, 20.0))
        reply = enqueue(stage, {"uri": stage.offer(path), "analyses": ["noise"]})
        recording_id = str(reply["recording_id"])
        assert stage.wait_finished(recording_id) == "complete"
        with db.connect(stage.database_url) as connection:
            redis = Redis.from_url(stage.redis_url)
            waiting.until(lambda: redis.llen("shadow") > 0, 20, "the sample")
            assert (shadows.waiting(connection), redis.llen("shadow")) == (2, 2)
            with stage.workers("shadow", "shadow") as worker:
                parent = psutil.Process(worker.pid)
                assert {each.nice() for each in (parent, *parent.children())} == {19}
                waiting.until(lambda: shadows.waiting(connection) == 0, 60, "answers", worker.log)
                done_ = "SELECT count(*) AS number FROM shadow_recording WHERE state = 'done'"
                waiting.until(
                    lambda: connection.execute(done_).fetchall() == [{"number": 2}],
                    20,
                    "their ends",
                    worker.log,
                )
                assert {"shadow"} in [set(each.queues) for each in presence.living(redis)]
    found = json.loads(stage.earshot("release", "diff", "noise-a", "--json").stdout)
    assert (found["against"], found["recordings"], found["flips"]) == (NOISE.name, 1, 0)
    assert found["shift"]["mean"] == 0  # the same network
    assert found["clips"] == []
    assert found["cpu"]["candidate"] > 0
    assert found["cpu"]["active"] > 0
