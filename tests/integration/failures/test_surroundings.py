"""Full disks, stores and sources that are away: what passes is waited for, and what was given up
can be taken up again."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import uuid4

import pytest

from cli.localstack import processes, waiting
from earshot.analysis.errors import Unavailable
from earshot.analysis.request import IngestRequest
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from tests.full_disk import full_disk, needs_limits
from tests.integration.enqueue import enqueue
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
MET_SEC = 60.0
ONE_TRY = "0.00001"
"""Days of waiting: less than a second, so the second try is the last."""


@contextmanager
def in_the_way(stage: Stack) -> Iterator[None]:
    """The store's folder cannot be used: a file has its name."""
    folder = stage.home / "audio" / "recordings"
    folder.parent.mkdir(exist_ok=True)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()


@contextmanager
def full(stage: Stack) -> Iterator[None]:
    worker = processes.running(stage.home, "core")
    assert worker is not None
    with full_disk(worker.pid):
        yield


Trouble = Callable[[Stack], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [pytest.param(full, "disk_full", marks=needs_limits), (in_the_way, "store_unavailable")],
)
def test_five_recordings_wait_for_the_store_and_complete_by_themselves(
    stage: Stack, trouble: Trouble, code: str
) -> None:
    with stage.workers("core", "ingest", "merge", "finalize", "scene", concurrency=2):
        with trouble(stage):
            ids = [handed_in(stage, "--force") for _ in range(5)]
            until_met(stage, ids, code)
            assert {row["state"] for row in rows(stage, ids)} <= {"queued", "ingesting"}
        assert [stage.wait_finished(each) for each in ids] == ["complete"] * 5
    assert {row["waits_for"] for row in rows(stage, ids)} == {None}


def test_what_was_given_up_for_the_store_is_taken_up_again_under_its_id(stage: Stack) -> None:
    stage.settings["WAIT_DAYS"] = ONE_TRY
    with stage.workers("core", "ingest", "merge", "finalize", "scene"):
        with in_the_way(stage):
            offered, by_sender = stage.offer(DEMO), str(uuid4())
            told = enqueue(
                stage, {"uri": offered, "recording_id": by_sender, "analyses": ["scene"]}
            )
            by_rerun, by_repair, with_force = (handed_in(stage, "--force") for _ in range(3))
            for each in (by_rerun, by_repair, with_force):
                assert stage.wait_finished(each) == "failed"
        assert (told["state"], told["error"]["code"]) == ("failed", "store_unavailable")
        assert "earshot rerun" in told["error"]["detail"]
        del stage.settings["WAIT_DAYS"]

        assert (
            enqueue(stage, {"uri": offered, "recording_id": by_sender, "analyses": ["scene"]})[
                "error"
            ]
            is None
        )
        [kept] = [row["uri"] for row in rows(stage, [with_force])]
        asked = {"uri": kept, "recording_id": with_force, "analyses": ["scene"], "force": True}
        assert enqueue(stage, asked)["error"] is None
        assert stage.wait_finished(by_sender) == stage.wait_finished(with_force) == "complete"

        rerun = stage.earshot("rerun", by_rerun, "--failed")
        assert rerun.returncode == 0, rerun.stderr
        assert rows(stage, [by_rerun])[0]["state"] == "complete"

        repaired = stage.earshot("repair")
        assert "1 recordings resumed" in repaired.stdout, repaired
        assert stage.wait_finished(by_repair) == "complete"
    assert not list((stage.home / "audio" / "inbox").rglob("*.ogg"))


def test_an_upload_that_is_gone_is_not_taken_up_again(stage: Stack) -> None:
    stage.settings["WAIT_DAYS"] = ONE_TRY
    with stage.workers("core", "ingest"), in_the_way(stage):
        recording_id = handed_in(stage)
        assert stage.wait_finished(recording_id) == "failed"
    [upload] = (stage.home / "audio" / "inbox").rglob("*.ogg")
    upload.unlink()
    rerun = stage.earshot("rerun", recording_id, "--failed")
    assert (rerun.returncode, "its upload is gone" in rerun.stderr) == (1, True)
    assert stage.earshot("repair").returncode == 0
    assert rows(stage, [recording_id])[0]["state"] == "failed"


def test_a_store_that_is_not_mounted_is_said_and_keeps_repair_from_nothing_else(
    stage: Stack,
) -> None:
    with db.connect(stage.database_url) as connection:
        failed, cut = uuid4(), planned(connection, ["scene"], 2)
        uri = f"file://{stage.home}/audio/inbox/{uuid4()}/call.ogg"
        recordings.register(connection, failed, IngestRequest(uri=uri), ["scene"], "en")
        assert recordings.fail(
            connection, failed, Unavailable("store_unavailable", "not mounted"), ("queued",)
        )
    repaired = stage.earshot("repair")
    assert (repaired.returncode, "inbox is not there; mount it" in repaired.stderr) == (
        0,
        True,
    ), repaired
    assert "its upload is gone" not in repaired.stderr
    assert "1 recordings whose chunks were dispatched" in repaired.stdout
    assert [row["state"] for row in rows(stage, [str(cut)])] == ["analyzing"]
    rerun = stage.start("rerun", str(failed), "--failed")
    assert rerun.stderr is not None
    assert "inbox is not there" in rerun.stderr.readline()
    rerun.kill()
    (stage.home / "audio" / "inbox").mkdir(parents=True)
    assert "its upload is gone" in stage.earshot("rerun", str(failed), "--failed").stderr


def test_chunks_wait_for_a_store_that_is_away(stage: Stack) -> None:
    """Longer than a lease: nothing fails, and nothing is dispatched anew, for the job is known to
    wait."""
    stage.settings |= {
        "CHUNK_LEASE_SEC": "3",
        "WORKER_LOST_SEC": "5",
        "SOFT_SHUTDOWN_SEC": "2",
        "RECONCILE_EVERY_SEC": "1",
    }
    recordings, elsewhere = stage.home / "audio" / "recordings", stage.home / "audio" / "unmounted"
    with stage.workers("core", "ingest"):
        recording_id = handed_in(stage)
        waiting.until(
            lambda: rows(stage, [recording_id])[0]["state"] == "analyzing", MET_SEC, "the dispatch"
        )
    recordings.rename(elsewhere)
    with stage.workers("all", "merge", "finalize", "upkeep", "scene"), stage.beat():
        waiting.until(
            lambda: "store_unavailable" in stage.earshot("doctor", "--stuck").stdout,
            MET_SEC,
            "the trouble",
        )
        elsewhere.rename(recordings)
        assert stage.wait_finished(recording_id) == "complete"
    with db.connect(stage.database_url) as connection:
        attempts = connection.execute(
            "SELECT max(attempts) AS most FROM chunk WHERE recording_id = %s", (recording_id,)
        ).fetchone()
        failed = connection.execute(
            "SELECT 1 FROM finding WHERE recording_id = %s AND status = 'failed'", (recording_id,)
        )
        assert (attempts, failed.fetchall()) == ({"most": 1}, [])


def test_a_web_source_that_answers_503_and_a_root_that_is_not_mounted_are_waited_for(
    stage: Stack,
) -> None:
    with web_server() as (server, host):
        unmounted = stage.home / "calls"
        stage.settings |= {
            "ROOTS": f'["http://{host}", "file://{unmounted}"]',
            "INTERNAL_HOSTS": f'["{host}"]',
        }
        ids = [str(uuid4()), str(uuid4())]
        with stage.workers("core", "ingest", "merge", "finalize", "scene", concurrency=2):
            for each, uri in zip(
                ids, (f"http://{host}/call.ogg", f"file://{unmounted}/call.ogg"), strict=True
            ):
                send(
                    stage, {"uri": uri, "recording_id": each, "analyses": ["scene"], "force": True}
                )
            until_met(stage, ids, "source_unavailable")
            server.away = False
            unmounted.mkdir()
            (unmounted / "call.ogg").write_bytes(DEMO.read_bytes())
            assert [stage.wait_finished(each) for each in ids] == ["complete"] * 2


class Server(http.server.ThreadingHTTPServer):
    away = True


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.send_response(503 if self.server.away else 200)
        body = b"" if self.server.away else DEMO.read_bytes()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def web_server() -> Iterator[tuple[Server, str]]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def handed_in(stage: Stack, *options: str) -> str:
    done = stage.earshot("ingest", str(DEMO), "--no-wait", "--analyses", "scene", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def send(stage: Stack, request: dict[str, Any]) -> None:
    """Without waiting for the reply."""
    threading.Thread(target=enqueue, args=(stage, request), daemon=True).start()


def rows(stage: Stack, ids: list[str]) -> list[dict[str, Any]]:
    query = (
        "SELECT state, waits_for, request ->> 'uri' AS uri FROM recording WHERE id = ANY"
        " (%s::uuid[])"
    )
    with db.connect(stage.database_url) as connection:
        return connection.execute(query, (ids,)).fetchall()


def until_met(stage: Stack, ids: list[str], code: str) -> None:
    waiting.until(
        lambda: [row["waits_for"] for row in rows(stage, ids)] == [code] * len(ids),
        MET_SEC,
        f"{code} for all",
    )
