"""A recording's life over HTTP, with real workers: in, out and away."""

import io
import socket
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import numpy as np
import pytest

from cli.localstack import waiting
from earshot.pools import STAGES
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from tests.integration.gateway.clients import client_of
from tests.integration.named import everywhere
from tests.integration.poison import recording
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
ANALYSES = ("asr", "emotion", "diarization", "scene", "noise")


@pytest.fixture(scope="module")
def busy() -> Iterator[Stack]:
    """Workers and a gateway."""
    with servers() as started, ExitStack() as running:
        started.settings["ANSWER_SEC"] = "100"
        running.enter_context(started.workers("core", *STAGES, concurrency=2))
        running.enter_context(started.workers("analyses", *ANALYSES, concurrency=2))
        running.enter_context(started.beat())
        started.settings["GATEWAY_URL"] = running.enter_context(started.gateway())
        yield started


@pytest.fixture(scope="module")
def zeta(busy: Stack) -> Iterator[httpx2.Client]:
    with client_of(busy, busy.settings["GATEWAY_URL"], "admin", tenant="zeta") as made:
        yield made


@pytest.fixture(scope="module")
def spoken(acme: httpx2.Client) -> dict[str, Any]:
    """The demo call as a session of acme."""
    answer = acme.post(
        "/transcribe",
        files={"file": ("call.ogg", DEMO.read_bytes())},
        data={"language": "en", "diarize": "true", "emotion": "true"},
    )
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/sessions/{session['id']}"
    return session


def sent(client: httpx2.Client, path: Path | bytes, **fields: str) -> httpx2.Response:
    content = path if isinstance(path, bytes) else path.read_bytes()
    return client.post("/transcribe", files={"file": ("a.wav", content)}, data=fields)


def test_a_session_has_the_shape_of_its_source(spoken: dict[str, Any], acme: httpx2.Client) -> None:
    assert acme.get(f"/sessions/{spoken['id']}").json() == spoken
    assert spoken["filename"] == "call.ogg"
    assert spoken["language"] == "en"
    assert abs(spoken["duration_ms"] - 80_371) < 100
    assert spoken["created_at"].endswith("Z")
    segments = spoken["segments"]
    assert {each["speaker"] for each in segments} == {"s0", "s1"}
    assert "good morning" in " ".join(each["text"] for each in segments).lower()
    emotions = [each["emotion"] for each in segments if each["emotion"]]
    assert emotions
    for emotion in emotions:
        assert set(emotion) == {"label", "valence", "arousal", "dominance", "confidence"}
        assert emotion["label"] == emotion["label"].title()
        assert 0 <= emotion["confidence"] <= 1
        for name in ("valence", "arousal", "dominance"):
            assert emotion[name] is None or -1 <= emotion[name] <= 1
    status = acme.get(f"/recordings/{spoken['id']}").json()
    assert status["state"] == "complete"
    assert status["progress"]["chunks_merged"] == status["progress"]["chunks_total"] > 0
    assert set(status["analyses"]) == {"asr", "diarization", "emotion"}
    report = acme.get(f"/recordings/{spoken['id']}/report").json()
    assert [turn["text"] for turn in report["turns"]] == [each["text"] for each in segments]


def test_the_audio_can_be_read_from_any_byte(spoken: dict[str, Any], acme: httpx2.Client) -> None:
    path = f"/sessions/{spoken['id']}/audio"
    whole = acme.get(path)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
    assert whole.headers["accept-ranges"] == "bytes"
    with wave.open(io.BytesIO(whole.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 2, 2)
        assert abs(sound.getnframes() / 16 - spoken["duration_ms"]) < 1
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert np.abs(samples).max() > 1000
    size = len(whole.content)
    head = acme.head(path)
    assert (head.status_code, int(head.headers["content-length"]), head.content) == (200, size, b"")
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=40-99", 40, 100),
        ("bytes=1000000-", 1_000_000, size),
        ("bytes=-500", size - 500, size),
        (f"bytes=100-{size * 2}", 100, size),
    ):
        part = acme.get(path, headers={"Range": asked})
        assert part.status_code == 206, asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.content == whole.content[start:end]
        assert acme.head(path, headers={"Range": asked}).status_code == 206
    behind = acme.get(path, headers={"Range": f"bytes={size}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=5-2", "bytes=a-", "bytes=0-1,5-6", "samples=0-1", "bytes=-"):
        assert acme.get(path, headers={"Range": ignored}).status_code == 200, ignored
    other = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert acme.get(path, headers=other).status_code == 200
    tag = {"If-None-Match": whole.headers["etag"]}
    assert acme.get(path, headers=tag).status_code == 304


def test_a_list_is_searched_and_paged(spoken: dict[str, Any], acme: httpx2.Client) -> None:
    for _ in range(3):
        acme.post(
            "/recordings",
            files={"file": ("50%_off.wav", DEMO.read_bytes()[:900])},
            data={"force": "true", "language": "fr"},
        )

    def ids(**params: Any) -> list[str]:
        answer = acme.get("/recordings", params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["recordings"]]

    everything = ids(limit=200)
    assert spoken["id"] in everything
    assert len(set(everything)) == len(everything) >= 4
    paged, params = [], {"limit": 2}
    for _ in range(len(everything)):
        page = acme.get("/recordings", params=params)
        paged += [each["id"] for each in page.json()["recordings"]]
        if page.json()["next_cursor"] is None:
            break
        assert 'rel="next"' in page.headers["link"]
        params = {"limit": 2, "cursor": page.json()["next_cursor"]}
    assert paged == everything
    assert spoken["id"] in ids(text="GOOD Morning")
    assert spoken["id"] in ids(text="call.og")
    assert spoken["id"] not in ids(text="no such words")
    assert len(ids(text="50%_off")) == 3
    assert ids(text="50_%off") == []
    assert spoken["id"] in ids(state="complete", language="EN")
    assert len(ids(language="fr")) == 3
    assert ids(until=spoken["created_at"]) == [
        each for each in everything if each in ids(until=spoken["created_at"])
    ]
    assert spoken["id"] not in ids(until=spoken["created_at"])
    assert spoken["id"] in ids(since=spoken["created_at"])
    for bad in (
        {"cursor": "eHg"}, {"cursor": "\u00e9"}, {"limit": "201"}, {"limit": "0"},
        {"state": "happy"}, {"since": "yesterday"}, {"text": "a\x00b"},
    ):  # fmt: skip
        assert acme.get("/recordings", params=bad).status_code == 422, bad


def test_without_speakers_and_emotion(acme: httpx2.Client) -> None:
    """`s0` and null, as for a file whose channels are one voice, and no analysis more than
    needed."""
    answer = sent(acme, DEMO, diarize="false", emotion="false")
    assert answer.status_code == 200, answer.text
    segments = answer.json()["segments"]
    assert {(each["speaker"], each["emotion"]) for each in segments} == {("s0", None)}
    assert answer.json()["language"] == "en"  # the embedded recogniser detects none
    assert any(each["text"] for each in segments)


def test_what_cannot_be_analysed_is_422(acme: httpx2.Client) -> None:
    for content, code in (
        (b"no sound at all" * 10, "not_audio"),
        (hundred_hours(), "truncated"),
    ):
        answer = sent(acme, content)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, code), problem
        failed = acme.get(f"/recordings/{problem['recording_id']}").json()
        assert (failed["state"], failed["error_code"]) == ("failed", code)
        session = acme.get(f"/sessions/{problem['recording_id']}")
        assert (session.status_code, session.json()["code"]) == (409, "failed")
        audio = acme.get(f"/sessions/{problem['recording_id']}/audio")
        assert (audio.status_code, audio.json()["code"]) == (409, "no_audio")


def hundred_hours() -> bytes:
    """A WAV file of 1 s that declares 100 h."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(16_000))
    content = bytearray(made.getvalue())
    declared = 100 * 3600 * 16_000 % 2**32
    content[4:8] = (declared + 36 if declared + 36 < 2**32 else 2**32 - 2).to_bytes(4, "little")
    content[40:44] = declared.to_bytes(4, "little")
    return bytes(content)


def test_tenants_do_not_see_one_another(
    busy: Stack, spoken: dict[str, Any], acme: httpx2.Client, zeta: httpx2.Client
) -> None:
    """Neither the recording, nor that its content is stored: zeta's copy is analysed as new."""
    unknown = str(uuid4())
    for method, path in OPERATIONS:
        theirs = zeta.request(method, path.format(spoken["id"]))
        nobodys = zeta.request(method, path.format(unknown))
        assert theirs.status_code == nobodys.status_code == 404, path
        if method != "HEAD":
            ignored = {"request_id"}
            assert {key: theirs.json()[key] for key in theirs.json().keys() - ignored} == {
                key: nobodys.json()[key] for key in nobodys.json().keys() - ignored
            }
    assert zeta.get("/recordings").json() == {"recordings": [], "next_cursor": None}
    copy = sent(zeta, DEMO, language="en")
    assert copy.status_code == 200
    assert copy.json()["id"] != spoken["id"]
    assert [each["id"] for each in zeta.get("/recordings").json()["recordings"]] == [
        copy.json()["id"]
    ]
    again = sent(acme, DEMO, language="en")
    assert again.json()["id"] == spoken["id"]


OPERATIONS = (
    ("GET", "/recordings/{}"),
    ("GET", "/recordings/{}/report"),
    ("GET", "/sessions/{}"),
    ("GET", "/sessions/{}/audio"),
    ("HEAD", "/sessions/{}/audio"),
    ("DELETE", "/recordings/{}"),
    ("DELETE", "/sessions/{}"),
)


def test_the_id_of_a_second_upload_stands_for_the_first(
    busy: Stack, spoken: dict[str, Any], acme: httpx2.Client, zeta: httpx2.Client
) -> None:
    answer = acme.post(
        "/recordings",
        files={"file": ("again.ogg", DEMO.read_bytes())},
        data={"language": "en", "analyses": "asr"},
    )
    second = answer.json()["id"]
    assert second != spoken["id"]

    def stands_for() -> str:
        return str(acme.get(f"/recordings/{second}").json()["id"])

    waiting.became(lambda: stands_for() == spoken["id"], 60)
    assert stands_for() == spoken["id"]
    assert acme.get(f"/sessions/{second}").json()["id"] == spoken["id"]
    assert zeta.get(f"/recordings/{second}").status_code == 404


def test_an_id_is_deleted_with_the_recording_that_it_stands_for(
    busy: Stack, tmp_path: Path, acme: httpx2.Client, zeta: httpx2.Client
) -> None:
    sound = recording(tmp_path / "twice.wav", 2, seed=7).read_bytes()

    def send() -> str:
        answer = acme.post(
            "/recordings",
            files={"file": ("twice.wav", sound)},
            data={"analyses": "scene"},
            headers={"Idempotency-Key": str(uuid4())},
        )
        return str(answer.json()["id"])

    first = send()
    busy.wait_finished(first)
    second, third = send(), send()

    def stand_for() -> set[str]:
        return {acme.get(f"/recordings/{each}").json()["id"] for each in (second, third)}

    waiting.became(lambda: stand_for() == {first}, 60)
    assert stand_for() == {first}
    receipt = acme.delete(f"/recordings/{second}")
    assert receipt.status_code == 200
    assert receipt.json()["recording_id"] == first
    for each in (first, second, third):
        assert acme.get(f"/recordings/{each}").status_code == 410
        assert acme.get(f"/deletions/{each}").status_code == 200
        assert zeta.get(f"/recordings/{each}").status_code == 404
    assert everywhere(busy, first, second, third) == []


def exported(stack: Stack, client: httpx2.Client, recording_id: str) -> Path:
    """A copy of the report in a user's folder, noted as the command does."""
    path = stack.home / "reports" / "short.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(client.get(f"/recordings/{recording_id}/report").text, encoding="utf-8")
    with db.connect(stack.database_url) as connection:
        recordings.note_export(connection, UUID(recording_id), socket.gethostname(), str(path))
    return path


def told(stack: Stack, recording_id: str) -> list[tuple[str, str]]:
    """Tenant and type of the events that are kept about a recording."""
    with db.connect(stack.database_url) as connection:
        rows = connection.execute(
            "SELECT tenant, body ->> 'type' AS type FROM outbox WHERE recording_id = %s",
            (recording_id,),
        ).fetchall()
    return [(row["tenant"], row["type"]) for row in rows]


def test_a_deletion_is_whole(busy: Stack, tmp_path: Path, acme: httpx2.Client) -> None:
    with client_of(busy, busy.settings["GATEWAY_URL"], "admin", tenant="acme") as admin:
        hook = admin.post("/webhooks", json={"url": "https://receiver.invalid/hook"})
        assert hook.status_code == 201, hook.text
    key = {"Idempotency-Key": str(uuid4())}
    path = recording(tmp_path / "short.wav", 2)
    answer = acme.post(
        "/recordings",
        files={"file": ("short.wav", path.read_bytes())},
        data={"analyses": "scene,noise"},
        headers=key,
    )
    assert answer.status_code == 202, answer.text
    recording_id = answer.json()["id"]
    assert busy.wait_finished(recording_id) == "complete"
    export = exported(busy, acme, recording_id)
    assert {place.partition(" ")[0] for place in everywhere(busy, recording_id)} == {
        "table", "redis", "file"
    }  # fmt: skip
    done = acme.delete(f"/recordings/{recording_id}")
    assert done.status_code == 200, done.text
    receipt = done.json()
    assert receipt["removed"]["postgres"].items() >= {
        "recording": 1, "report": 1, "idempotency": 1, "finding": 2, "export": 1
    }.items()  # fmt: skip
    assert receipt["removed"]["postgres"]["webhook_delivery"] >= 3
    assert receipt["removed"]["exports"] == {"removed": 1}
    assert not export.exists()
    assert receipt["removed"]["store"]["files"] == 4  # the sound, and its peaks at three zooms
    assert receipt["removed"]["redis"]["events"] >= 3
    assert receipt["checked"]["found"] == []
    assert receipt["checked"]["searched"]["postgres"]["recording"] > 0
    assert everywhere(busy, recording_id) == []
    assert told(busy, recording_id) == [("acme", "recording.deleted")]
    for method, place in OPERATIONS:
        assert acme.request(method, place.format(recording_id)).status_code == 410, place
    kept = acme.get(f"/deletions/{recording_id}")
    assert (kept.status_code, kept.json()) == (200, receipt)
    assert acme.get(f"/deletions/{uuid4()}").status_code == 404


def test_another_tenants_deletion_is_not_there(
    busy: Stack, acme: httpx2.Client, zeta: httpx2.Client
) -> None:
    made = acme.post("/recordings", files={"file": ("a.wav", b"abc")}).json()["id"]
    busy.wait_finished(made)
    assert acme.delete(f"/sessions/{made}").status_code == 200
    for method, path in (*OPERATIONS, ("GET", "/deletions/{}")):
        assert zeta.request(method, path.format(made)).status_code == 404


def test_expired_audio_says_so(busy: Stack, acme: httpx2.Client) -> None:
    made = acme.post(
        "/recordings", files={"file": ("b.ogg", DEMO.read_bytes())},
        data={"analyses": "scene", "force": "true"},
    ).json()["id"]  # fmt: skip
    busy.wait_finished(made)
    for path in (busy.home / "audio" / "recordings" / made).iterdir():
        path.unlink()
    answer = acme.get(f"/sessions/{made}/audio")
    assert (answer.status_code, answer.json()["code"]) == (410, "audio_expired")
    assert acme.get(f"/recordings/{made}/report").status_code == 200
