"""Uploads in pieces, by tus 1.0.0: cut lines, other requests, bounds, expiry, and the end, which is
that of any other upload."""

import base64
import hashlib
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from cli.localstack import waiting
from earshot.pools import STAGES
from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.integration.gateway.clients import client_of
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]
DEMO = (PROJECT / "demo" / "call.ogg").read_bytes()
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
MEGA = 1 << 20


def metadata(**fields: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())


def begun(client: httpx2.Client, size: int, **fields: str) -> str:
    named = {"filename": "call.ogg", **fields}
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**named)}
    made = client.post("/uploads", headers=headers)
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


def piece(client: httpx2.Client, path: str, offset: int, data: bytes) -> httpx2.Response:
    return client.patch(path, headers={**PIECE, "Upload-Offset": str(offset)}, content=data)


def offset(client: httpx2.Client, path: str) -> int:
    answer = client.head(path, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


@contextmanager
def hanging(
    client: httpx2.Client, path: str, start: int, data: bytes, stated: int
) -> Iterator[socket.socket]:
    """A line on which a part of a piece was sent, and which breaks at the end."""
    to = urlsplit(str(client.base_url))
    head = "\r\n".join(
        f"{name}: {value}"
        for name, value in {
            "Host": "x", "Authorization": client.headers["authorization"], **PIECE,
            "Upload-Offset": str(start), "Content-Length": str(stated),
        }.items()
    )  # fmt: skip
    with socket.create_connection((to.hostname or "", to.port or 0)) as line:
        line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n\r\n".encode() + data)
        yield line


def cut(client: httpx2.Client, path: str, start: int, data: bytes, stated: int) -> None:
    """Sends a part of a piece, and breaks the line."""
    with hanging(client, path, start, data, stated):
        pass


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
    with db.connect(door.database_url) as connection:
        row = connection.execute("SELECT uri FROM upload WHERE id = %s", (path[9:],)).fetchone()
    assert row is not None
    with open(row["uri"].removeprefix("file://"), "rb") as file:
        assert file.read() == data


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
