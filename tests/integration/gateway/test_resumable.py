"""Uploads in pieces, by tus 1.0.0: cut lines, other requests, bounds, expiry, and the end, which is
that of any other upload."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx2
import pytest

from cli.localstack import waiting
from earshot.pools import STAGES
from earshot.storage.postgres import db
from tests.integration.gateway.clients import (
    DEMO,
    MEGA,
    TUS,
    begun,
    client_of,
    cut,
    hanging,
    metadata,
    offset,
    piece,
    stored,
)
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]


@pytest.fixture
def working(stage: Stack) -> Iterator[httpx2.Client]:
    """A gateway and workers."""
    with (
        stage.workers("all", *STAGES, "scene"),
        stage.gateway() as url,
        client_of(stage, url) as made,
    ):
        yield made


def test_an_upload_that_is_cut_continues_and_is_analysed(
    stage: Stack, working: httpx2.Client
) -> None:
    path = begun(working, len(DEMO), analyses="scene", roles="agent,customer")
    half = len(DEMO) // 2
    cut(working, path, 0, DEMO[:half], len(DEMO))
    waiting.became(lambda: offset(working, path) == half, 30)
    assert offset(working, path) == half, "what came before the cut is kept"
    done = piece(working, path, half, DEMO[half:])
    assert (done.status_code, done.headers["upload-offset"]) == (204, str(len(DEMO)))
    made = done.headers["x-recording-id"]
    assert stage.wait_finished(made) == "complete"
    found = working.get(f"/recordings/{made}").json()
    assert found["sha256"] == hashlib.sha256(DEMO).hexdigest()
    assert (found["file_name"], found["analyses"]) == ("call.ogg", ["scene"])
    known = working.get("/recordings", params={"sha256": found["sha256"]}).json()["recordings"]
    assert [each["id"] for each in known] == [made]
    state = working.get(path).json()
    assert (state["recording_id"], state["offset"]) == (made, len(DEMO))
    assert state["links"]["recording"] == f"/recordings/{made}"
    again = piece(working, path, len(DEMO), b"")
    assert again.status_code == 409
    assert working.delete(f"/recordings/{made}").status_code == 200
    assert working.get(path).status_code == 404, "its name is deleted with the recording"


def test_many_pieces_make_the_same_bytes(door: Stack, client: Make) -> None:
    sender, data = client(), bytes(range(256)) * (10 * MEGA // 256) + b"end"
    path = begun(sender, len(data) + 1)
    for start in range(0, len(data), 3 * MEGA + 7):
        sent = piece(sender, path, start, data[start : start + 3 * MEGA + 7])
        assert sent.status_code == 204, sent.text
        assert "x-recording-id" not in sent.headers
    assert offset(sender, path) == len(data)
    assert stored(door, path) == data


def test_a_piece_at_another_byte_is_refused_with_the_right_one(client: Make) -> None:
    sender = client()
    path = begun(sender, 10)
    assert piece(sender, path, 0, b"abc").status_code == 204
    for start in (0, 2, 4, 10**17):
        refused = piece(sender, path, start, b"x")
        assert (refused.status_code, refused.json()["code"]) == (409, "offset_mismatch")
        assert refused.json()["offset"] == int(refused.headers["upload-offset"]) == 3
    assert piece(sender, path, 3, b"x" * 8).status_code == 413
    assert offset(sender, path) == 3


def test_who_continues_takes_over_from_a_line_that_hangs(door: Stack, client: Make) -> None:
    sender = client()
    path = begun(sender, 4 * MEGA)
    with hanging(sender, path, 0, b"a" * MEGA, 3 * MEGA) as line:
        waiting.became(lambda: offset(sender, path) >= MEGA, 30)
        stands = offset(sender, path)
        assert stands == MEGA
        assert piece(sender, path, stands, b"b" * MEGA).status_code == 204
        line.sendall(b"a" * 2 * MEGA)
        answer = line.recv(4096)
        assert b"409" in answer.split(b"\r\n", 1)[0]
    assert offset(sender, path) == 2 * MEGA


def test_a_failure_within_a_piece_leaves_its_bytes_in_order(door: Stack, client: Make) -> None:
    """The database breaks off one append, and answers again at once."""
    sender, data = client(), b"".join(bytes([each]) * MEGA for each in range(4))
    path = begun(sender, len(data))
    with (
        db.connect(door.database_url) as connection,
        db.connect(door.database_url) as other,
        hanging(sender, path, 0, data[:MEGA], len(data)) as line,
    ):
        waiting.became(lambda: offset(sender, path) == MEGA, 30)
        with connection.transaction():
            lock = "SELECT 1 AS one FROM upload WHERE id = %s FOR UPDATE"
            connection.execute(lock, (path.rpartition("/")[2],))
            line.sendall(data[MEGA : 3 * MEGA + MEGA // 2])
            breaks = (
                b"SELECT pg_terminate_backend(pid) AS one FROM pg_stat_activity"
                b" WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'"
            )
            assert waiting.became(lambda: other.execute(breaks).fetchone() is not None, 30)
        answer = line.recv(4096)
        assert b" 503 " in answer.split(b"\r\n", 1)[0]
    stands = offset(sender, path)
    assert stands >= MEGA
    assert stored(door, path)[:stands] == data[:stands]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 412, "tus_version"),
        ({"Tus-Resumable": "0.2.2"}, 412, "tus_version"),
        ({**TUS}, 422, "invalid_length"),
        ({**TUS, "Upload-Length": "0"}, 422, "invalid_length"),
        ({**TUS, "Upload-Length": "-1"}, 422, "invalid_length"),
        ({**TUS, "Upload-Length": "9" * 15}, 413, "too_large"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "colour cmVk"}, 422, "unknown_field"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "language ?"}, 422, "invalid_field"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": metadata(language="x y")},
         422, "invalid_request"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": metadata(analyses="taste")},
         422, "analyses"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_a_byte(
    client: Make, headers: dict[str, str], status: int, code: str
) -> None:
    answer = client().post("/uploads", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_uploads_are_those_of_the_tenant(client: Make) -> None:
    mine, other = client(), client("admin", "other")
    path = begun(mine, 10)
    for answer in (
        other.get(path), other.head(path, headers=TUS), other.delete(path, headers=TUS),
        piece(other, path, 0, b"x"), mine.get(f"/uploads/{uuid4()}"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert mine.delete(path, headers=TUS).status_code == 204
    assert mine.get(path).status_code == 404


def test_expired_uploads_go_and_a_tenant_has_only_so_many(stage: Stack) -> None:
    stage.settings |= {"OPEN_UPLOADS": "2", "UPLOAD_KEPT_SEC": "86400"}
    with stage.gateway() as url, client_of(stage, url) as sender:
        first, second = begun(sender, 10), begun(sender, 10)
        assert piece(sender, first, 0, b"abc").status_code == 204
        headers = {**TUS, "Upload-Length": "10"}
        refused = sender.post("/uploads", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_uploads")
        inbox = stage.home / "audio" / "inbox"
        assert len(list(inbox.iterdir())) == 2, "a refused one leaves nothing"
        with db.connect(stage.database_url) as connection:
            expire = "UPDATE upload SET expires_at = now() WHERE id = %s"
            connection.execute(expire, (first.rpartition("/")[2],))
        assert sender.get(first).status_code == 404
        assert piece(sender, first, 3, b"x").status_code == 404
        assert stage.earshot("repair").returncode == 0
        assert len(list(inbox.iterdir())) == 1
        assert sender.get(second).status_code == 200


def test_a_full_disk_says_how_much_is_free(stage: Stack) -> None:
    """More is promised to open uploads than the disk has."""
    stage.settings |= {"MAX_UPLOAD_MB": str(10**9), "OPEN_UPLOADS": "10"}
    with stage.gateway() as url, client_of(stage, url) as sender:
        disk = shutil.disk_usage(stage.home)
        more = min(disk.free // 5, (disk.total - disk.free) // 2)
        size = (disk.free + more) // 2
        begun(sender, size)
        headers = {**TUS, "Upload-Length": str(size)}
        refused = sender.post("/uploads", headers=headers)
        found = refused.json()
        assert (refused.status_code, found["code"]) == (503, "disk_full")
        assert found["limit_bytes"] == 2 * size
        assert 0 < found["free_bytes"] < 2 * size
        assert "retry-after" in refused.headers
