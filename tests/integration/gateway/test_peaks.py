"""The waveform of a recording over HTTP: made when it is taken in, or by the first who asks; and
its sound. Both are encrypted in the store."""

import io
import json
import os
import wave
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray

from earshot.audio.sealing.cipher import MAGIC
from earshot.pools import STAGES
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration
RATE = 16_000
SEC = 5
KEYS = {name: b64encode(os.urandom(32)).decode() for name in ("old", "new")}


def keys(*names: str) -> str:
    return ",".join(f"{name}:{KEYS[name]}" for name in names)


@pytest.fixture(scope="module")
def busy() -> Iterator[Stack]:
    with servers() as started, ExitStack() as running:
        started.settings["SOUND_KEYS"] = keys("old", "new")
        running.enter_context(started.workers("all", *STAGES, "scene"))
        started.settings["GATEWAY_URL"] = running.enter_context(started.gateway())
        yield started


@pytest.fixture(scope="module")
def samples() -> NDArray[np.int16]:
    """Two channels, each louder from second to second; shape (frames, channels)."""
    steps = np.repeat(np.arange(1, SEC + 1), RATE)[:, None] * np.array([2048, 512])
    hum = np.sin(np.arange(SEC * RATE) * 2 * np.pi * 100 / RATE)
    return np.rint(steps * hum[:, None]).astype(np.int16)


@pytest.fixture(scope="module")
def recording_id(busy: Stack, acme: httpx2.Client, samples: NDArray[np.int16]) -> str:
    return _submitted(busy, acme, samples)


def _submitted(busy: Stack, client: httpx2.Client, samples: NDArray[np.int16]) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    fields = {"analyses": "scene", "roles": "agent,customer", "force": "true"}
    sent = client.post("/recordings", files={"file": ("a.wav", file.getvalue())}, data=fields)
    assert sent.status_code == 202, sent.text
    made: str = sent.json()["id"]
    assert busy.wait_finished(made) == "complete"
    assert sent.json()["links"]["peaks"] == f"/recordings/{made}/peaks"
    return made


@pytest.mark.parametrize(("zoom", "pixel_ms"), [(0, 20), (1, 100), (2, 20)])
def test_the_peaks_are_those_of_the_sound(
    acme: httpx2.Client, recording_id: str, samples: NDArray[np.int16], zoom: int, pixel_ms: int
) -> None:
    answer = acme.get(f"/recordings/{recording_id}/peaks", params={"zoom": zoom})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    length = SEC * 1000 // pixel_ms
    assert {name: found[name] for name in found if name != "data"} == {
        "version": 2, "channels": 2, "sample_rate": RATE, "samples_per_pixel": pixel_ms * 16,
        "bits": 8, "length": length, "start_ms": 0,
    }  # fmt: skip
    rows = samples.reshape(length, -1, 2)
    expected = np.stack((rows.min(axis=1), rows.max(axis=1)), axis=2) / 256
    np.testing.assert_allclose(np.reshape(found["data"], (length, 2, 2)), expected, atol=1)


def test_a_part_has_the_pixels_around_it(acme: httpx2.Client, recording_id: str) -> None:
    path = f"/recordings/{recording_id}/peaks"
    all_ = acme.get(path, params={"zoom": 1}).json()
    part = acme.get(path, params={"zoom": 1, "start_ms": 1950, "end_ms": 2001}).json()
    assert (part["start_ms"], part["length"]) == (1900, 2)
    assert part["data"] == all_["data"][19 * 4 : 21 * 4]
    behind = acme.get(path, params={"zoom": 1, "start_ms": 10**9}).json()
    assert (behind["length"], behind["data"]) == (0, [])
    for query in ({"zoom": 3}, {"start_ms": 5, "end_ms": 5}, {"begin_ms": 5}, {"start_ms": -1}):
        refused = acme.get(path, params=query)
        assert (refused.status_code, refused.headers["content-type"]) == (
            422,
            "application/problem+json",
        )


def test_what_a_client_has_is_not_sent_again(acme: httpx2.Client, recording_id: str) -> None:
    path = f"/recordings/{recording_id}/peaks"
    first = acme.get(path)
    assert first.headers["cache-control"] == "private, max-age=3600, immutable"
    again = acme.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = acme.get(path, params={"zoom": 1}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    head = acme.head(path)
    assert (head.headers["content-length"], head.content) == (str(len(first.content)), b"")


def test_who_asks_first_makes_those_of_an_older_recording(
    busy: Stack, acme: httpx2.Client, samples: NDArray[np.int16]
) -> None:
    made = _submitted(busy, acme, samples)
    folder = busy.home / "audio" / "recordings" / made
    before = acme.get(f"/recordings/{made}/peaks", params={"zoom": 2}).json()
    for path in folder.glob("*.dat"):
        path.unlink()
    assert acme.get(f"/recordings/{made}/peaks", params={"zoom": 2}).json() == before
    assert len(list(folder.glob("*.dat"))) == 3


def test_peaks_go_with_the_audio(
    busy: Stack, acme: httpx2.Client, samples: NDArray[np.int16]
) -> None:
    made = _submitted(busy, acme, samples)
    for path in (busy.home / "audio" / "recordings" / made).iterdir():
        path.unlink()
    expired = acme.get(f"/recordings/{made}/peaks")
    assert (expired.status_code, expired.json()["code"]) == (410, "audio_expired")
    assert acme.delete(f"/recordings/{made}").status_code == 200
    deleted = acme.get(f"/recordings/{made}/peaks")
    assert (deleted.status_code, deleted.json()["code"]) == (410, "deleted")
    assert acme.get(f"/recordings/{uuid4()}/peaks").status_code == 404


def test_a_recording_that_is_not_decoded_has_none(busy: Stack, acme: httpx2.Client) -> None:
    made = acme.post("/recordings", files={"file": ("a.wav", b"no sound")}).json()["id"]
    assert busy.wait_finished(made) == "failed"
    answer = acme.get(f"/recordings/{made}/peaks")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_audio")


def test_sound_is_encrypted_and_played_while_its_key_changes(
    busy: Stack, acme: httpx2.Client, recording_id: str, samples: NDArray[np.int16]
) -> None:
    folder = busy.home / "audio"

    def check(newest: str) -> None:
        sound = acme.get(f"/sessions/{recording_id}/audio").content
        assert np.array_equal(np.frombuffer(sound[44:], "<i2").reshape(-1, 2), samples)
        part = acme.get(f"/sessions/{recording_id}/audio", headers={"Range": "bytes=70000-150000"})
        assert (part.status_code, part.content) == (206, sound[70_000:150_001])
        stored = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        assert len(stored) >= 4
        for data in stored:
            assert data.startswith(MAGIC + newest.encode() + b"\0")
            assert samples[RATE : RATE + 64].tobytes() not in data

    check("old")
    busy.settings["SOUND_KEYS"] = keys("new", "old")
    changed = busy.earshot("sound", "reencrypt")
    assert changed.returncode == 0, changed.stderr
    check("new")
    counted = json.loads(busy.earshot("sound", "keys", "--json").stdout)
    assert (counted["newest"], counted["not_encrypted"], counted["keys"]["old"]) == ("new", 0, 0)
    busy.settings["SOUND_KEYS"] = keys("new")[:-4]
    refused = busy.earshot("sound", "keys")
    busy.settings["SOUND_KEYS"] = keys("old", "new")
    assert refused.returncode != 0
    assert "has 30 bytes" in refused.stderr
    doctor = busy.earshot("doctor").stdout
    assert "encrypted with the key old; new decrypts" in doctor
    texts = [refused.stderr, doctor, *(path.read_text() for path in busy.home.rglob("*.log"))]
    assert not any(key[:20] in text for text in texts for key in KEYS.values())
