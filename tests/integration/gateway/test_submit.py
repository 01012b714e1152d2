"""Recordings come in over HTTP: whole, once, under their tenant, and nothing stays of what is
refused."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from cli.localstack import waiting
from earshot.analysis.request import IngestRequest
from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.integration.named import everywhere
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

DEMO = PROJECT / "demo" / "call.ogg"
JSON = {"Content-Type": "application/json"}


def inbox(door: Stack) -> set[Path]:
    return {path for path in (door.home / "audio" / "inbox").rglob("*") if path.is_file()}


def rows(door: Stack, query: str, *args: Any) -> list[dict[str, Any]]:
    with db.connect(door.database_url) as connection:
        return connection.execute(query, args).fetchall()  # type: ignore[call-overload,no-any-return]


def row(door: Stack, recording_id: str) -> dict[str, Any]:
    return rows(door, "SELECT * FROM recording WHERE id = %s", recording_id)[0]


def test_a_quoted_name_is_shown_as_it_was(door: Stack, client: Make) -> None:
    """Clients write quotes in names as browsers do."""
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22 c.wav"\r\n\r\n'
        + DEMO.read_bytes()
        + b"\r\n--x--\r\n"
    )
    answer = client("write", "quotes").post(
        "/recordings", content=form, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 202, answer.text
    assert row(door, answer.json()["id"])["file_name"] == 'a "b" c.wav'


def test_an_upload_becomes_a_request(door: Stack, client: Make) -> None:
    answer = client("write", "acme").post(
        "/recordings",
        files={"file": ("../../etc/p\x1basswd.OGG", DEMO.read_bytes(), "text/plain")},
        data={"roles": "agent,customer", "analyses": ["scene", "noise"], "speakers": "2-4"},
    )
    assert answer.status_code == 202, answer.text
    recording_id = answer.json()["id"]
    assert answer.headers["location"] == f"/recordings/{recording_id}"
    found = row(door, recording_id)
    assert (found["tenant"], found["state"]) == ("acme", "queued")
    request = IngestRequest.model_validate(found["request"])
    assert request.roles == ("agent", "customer")
    assert request.analyses == ("scene", "noise")
    assert request.speakers is not None
    assert (request.speakers.min, request.speakers.max) == (2, 4)
    assert "/" not in found["file_name"]
    assert "\x1b" not in found["file_name"]
    assert found["file_name"].endswith("asswd.OGG")
    stored = Path(request.uri.removeprefix("file://"))
    assert stored.name == "audio.ogg"
    assert stored.read_bytes() == DEMO.read_bytes()


def test_a_uri_below_a_root_is_taken_and_others_are_not(door: Stack, client: Make) -> None:
    uri = door.offer(DEMO, f"{uuid4()}.ogg")
    write = client("write", "acme")
    answer = write.post("/recordings", json={"uri": uri, "analyses": ["scene"]})
    assert answer.status_code == 202, answer.text
    assert row(door, answer.json()["id"])["request"]["uri"] == uri
    before = inbox(door)
    assert before
    for outside in ("file:///etc/passwd", f"file://{min(before)}", "s3://other/x.wav"):
        refused = write.post("/recordings", json={"uri": outside})
        assert (refused.status_code, refused.json()["code"]) == (403, "outside_roots"), outside


def test_a_recording_that_waits_is_deleted_with_its_upload(door: Stack, client: Make) -> None:
    write, before = client("write", "acme"), inbox(door)
    key = {"Idempotency-Key": f"k-{uuid4()}"}
    files = {"file": ("a.wav", b"to be deleted")}
    made = write.post("/recordings", files=files, headers=key).json()["id"]
    assert len(inbox(door) - before) == 1
    assert client("read", "acme").delete(f"/recordings/{made}").status_code == 403
    receipt = write.delete(f"/sessions/{made}").json()
    assert receipt["removed"]["store"]["uploads"] == 1
    assert receipt["removed"]["postgres"]["idempotency"] == 1
    assert receipt["checked"]["found"] == []
    assert inbox(door) == before
    assert everywhere(door, made) == []
    assert write.delete(f"/recordings/{made}").status_code == 410
    again = write.post("/recordings", files=files, headers=key)
    assert again.status_code == 202
    assert again.json()["id"] != made


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"uri": 7}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ({"uri": "file:///x", "tenant": "other"}, 422, "invalid_request"),
        ({"uri": "file:///x", "recording_id": str(uuid4())}, 422, "invalid_request"),
        (["uri"], 422, "invalid_request"),
        ({"uri": "file:///x", "force": 1}, 422, "invalid_request"),
    ],
)
def test_invalid_json_is_refused(client: Make, body: Any, status: int, code: str) -> None:
    answer = client().post("/recordings", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


B = "x7MA4YWxk"
PART = f'--{B}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
FIELD = f'--{B}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
END = f"\r\n--{B}--\r\n"
FORMS = [
    ("text", "x", 400, "malformed_multipart"),
    ("no end", PART + "abc", 400, "malformed_multipart"),
    ("no file", FIELD % ("language", "en") + END.lstrip(), 422, "missing_file"),
    ("empty file", PART + END, 422, "empty"),
    (
        "unknown field",
        PART + "abc\r\n" + FIELD % ("colour", "red") + END.lstrip(),
        422,
        "unknown_field",
    ),
    ("long field", FIELD % ("language", "e" * 20_000) + PART + "abc" + END, 422, "field_too_long"),
    ("two files", PART + "abc\r\n" + PART + "abc" + END, 422, "several_files"),
    ("field as file", FIELD % ("file", "abc") + END.lstrip(), 422, "not_a_file"),
    ("no name", f"--{B}\r\nX: y\r\n\r\nabc" + END, 400, "malformed_multipart"),
    ("repeated", FIELD % ("language", "en") * 2 + PART + "abc" + END, 422, "repeated_field"),
    ("no language", FIELD % ("language", "") + PART + "abc" + END, 422, "invalid_request"),
    ("language", FIELD % ("language", "english!") + PART + "abc" + END, 422, "invalid_request"),
    ("analysis", FIELD % ("analyses", "taste") + PART + "abc" + END, 422, "analyses"),
    ("speakers", FIELD % ("speakers", "some") + PART + "abc" + END, 422, "invalid_field"),
    ("flag", FIELD % ("force", "perhaps") + PART + "abc" + END, 422, "invalid_field"),
    ("many parts", FIELD % ("roles", "a") * 70 + PART + "abc" + END, 422, "too_many_parts"),
    ("long header", f"--{B}\r\nX: {'y' * 9000}\r\n\r\n" + END, 400, "malformed_multipart"),
    (
        "encoded",
        PART.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n") + "YWJj" + END,
        422,
        "encoded_part",
    ),
]


@pytest.mark.parametrize(
    ("form", "status", "code"), [f[1:] for f in FORMS], ids=[f[0] for f in FORMS]
)
def test_a_bad_form_is_refused_and_leaves_nothing(
    door: Stack, client: Make, form: str, status: int, code: str
) -> None:
    before = inbox(door)
    kind = f"multipart/form-data; boundary={B}"
    answer = client().post("/recordings", content=form.encode(), headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert inbox(door) == before


@pytest.mark.parametrize(
    ("kind", "status"),
    [("text/plain", 415), ("", 415), ("audio/wav", 415), ("multipart/form-data", 400)],
)
def test_other_types_are_refused(client: Make, kind: str, status: int) -> None:
    answer = client().post("/recordings", content=b"RIFF", headers={"Content-Type": kind})
    assert answer.status_code == status


def test_a_key_is_answered_once(door: Stack, client: Make) -> None:
    """The same request gets the stored answer; another one with the key is refused, and so is one
    of another tenant not confused with it."""
    write, key = client("write", "acme"), {"Idempotency-Key": f"k-{uuid4()}"}
    before = inbox(door)

    def post(content: bytes, language: str = "en", who: httpx2.Client = write) -> httpx2.Response:
        return who.post(
            "/recordings",
            files={"file": ("a.wav", content)},
            data={"language": language},
            headers=key,
        )

    first = post(b"abc")
    assert first.status_code == 202
    again = post(b"abc")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert len(inbox(door) - before) == 1
    for other in (post(b"abd"), post(b"abc", "fr")):
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    elsewhere = post(b"abc", who=client("write", "zeta"))
    assert elsewhere.status_code == 202
    assert elsewhere.json()["id"] != first.json()["id"]
    bad = write.post("/recordings", files={"file": b"x"}, headers={"Idempotency-Key": "a b"})
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_key")


def head(door: Stack, token: str, *lines: str) -> bytes:
    return "\r\n".join(
        [
            "POST /recordings HTTP/1.1",
            "Host: x",
            f"Authorization: Bearer {token}",
            f"Content-Type: multipart/form-data; boundary={B}",
            *lines,
            "",
            "",
        ]
    ).encode()


def dial(door: Stack) -> socket.socket:
    url = urlsplit(door.settings["GATEWAY_URL"])
    return socket.create_connection((url.hostname, url.port), timeout=30)


def began(door: Stack, before: set[Path]) -> Path:
    waiting.became(lambda: bool(inbox(door) - before), 20)
    return (inbox(door) - before).pop()


def test_a_key_in_flight_is_409_and_a_lost_sender_frees_it(door: Stack, client: Make) -> None:
    token, key, before = door.token("write", "acme"), f"k-{uuid4()}", inbox(door)
    lines = ("Content-Length: 100000", f"Idempotency-Key: {key}")
    files: Any = {"file": ("a.wav", b"abc")}
    with dial(door) as line:
        line.sendall(head(door, token, *lines) + (PART + "x" * 1000).encode())
        began(door, before)
        answer = client("write", "acme").post(
            "/recordings", files=files, headers={"Idempotency-Key": key}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "key_in_flight")
        assert "retry-after" in answer.headers
    waiting.became(lambda: inbox(door) == before, 20)
    assert inbox(door) == before
    again = client("write", "acme").post(
        "/recordings", files=files, headers={"Idempotency-Key": key}
    )
    assert again.status_code == 202


def test_a_body_longer_than_announced_is_not_read_as_one(door: Stack) -> None:
    """The server takes as many bytes as were announced: the form is incomplete."""
    before = inbox(door)
    with dial(door) as line:
        line.sendall(
            head(door, door.token(), "Content-Length: 150") + (PART + "x" * 200 + END).encode()
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert inbox(door) == before


@pytest.mark.parametrize(
    ("length", "status"), [("100000000000", b"413"), ("-1", b"400"), ("abc", b"400")]
)
def test_an_announced_length_is_judged_before_the_body(
    door: Stack, length: str, status: bytes
) -> None:
    before = inbox(door)
    with dial(door) as line:
        line.sendall(head(door, door.token(), f"Content-Length: {length}"))
        assert line.recv(4096).startswith(b"HTTP/1.1 " + status)
    assert inbox(door) == before


def test_ten_gigabytes_for_a_401_are_not_read(door: Stack) -> None:
    with dial(door) as line:
        line.sendall(head(door, "ear_wrong", "Content-Length: 10000000000"))
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in answer.lower()
