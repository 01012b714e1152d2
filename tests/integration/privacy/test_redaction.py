"""A call with numbers in it, taken in with redaction: none of them is left anywhere, and the sound
is silent where they were spoken. The store is encrypted."""

import importlib
import io
import json
import os
import re
import wave
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from earshot.audio.sealing.cipher import MAGIC
from earshot.exports.kinds import FORMATS
from earshot.pools import STAGES
from earshot.storage.postgres import db
from tests.integration.gateway.clients import client_of
from tests.servers import Stack, servers
from tests.sounds.espeak import RATE, speak

pytestmark = pytest.mark.integration
CARD = "4539148834364670"
PHONE = "4155550132"
CODE = "61584"
PLANTED = (CARD, PHONE, CODE)
EXACT_MS = 50
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Sentence(NamedTuple):
    """What is spoken, after a pause."""

    channel: int
    pause_ms: int
    text: str
    secret: bool = False


def digits(text: str) -> str:
    return " ".join(NAMES[int(each)] for each in text)


SCRIPT = (
    Sentence(0, 300, "Good morning, thank you for calling the delivery service."),
    Sentence(1, 400, "Hello, I am calling about a package that is late."),
    Sentence(0, 400, "I am sorry to hear that. What is the code of your order, please?"),
    Sentence(1, 400, "My code is"),
    Sentence(1, 250, digits(CODE), secret=True),
    Sentence(0, 700, "Thank you. And the card that you paid with?"),
    Sentence(1, 400, "Yes, my card is"),
    Sentence(1, 250, digits(CARD[:8]), secret=True),
    Sentence(0, 250, "Yes."),
    Sentence(1, 250, digits(CARD[8:]), secret=True),
    Sentence(0, 700, "Very good. How can we reach you?"),
    Sentence(1, 400, "My telephone is"),
    Sentence(1, 250, digits(PHONE[:6]), secret=True),
    Sentence(1, 300, digits(PHONE[6:]), secret=True),
    Sentence(0, 800, "Thank you. The driver will be with you tomorrow in the morning."),
    Sentence(1, 400, "That is wonderful, thank you, goodbye."),
)
VOICES = ("en-us+m3", "en-us")


@dataclass
class Call:
    """The call, and where its secrets are."""

    sound: NDArray[np.int16] = field(default_factory=lambda: np.zeros((0, 2), np.int16))
    secrets: list[tuple[int, int, int]] = field(default_factory=list)
    """Channel, start and end in ms."""

    @property
    def wav(self) -> bytes:
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(self.sound.tobytes())
        return file.getvalue()


def made() -> Call:
    spoken = [(each, speak(each.text, VOICES[each.channel])) for each in SCRIPT]
    call, at, placed = Call(), 0, []
    for sentence, samples in spoken:
        at += sentence.pause_ms * RATE // 1000
        placed.append((sentence.channel, at, samples))
        if sentence.secret:
            times = (at * 1000 // RATE, (at + len(samples)) * 1000 // RATE)
            call.secrets.append((sentence.channel, *times))
        at += len(samples)
    noise = np.random.default_rng(1).normal(0, 8, (at + RATE, 2))
    for channel, start, samples in placed:
        noise[start : start + len(samples), channel] += samples * 9000
    call.sound = np.clip(np.rint(noise), -32768, 32767).astype(np.int16)
    return call


@dataclass
class Redacted:
    """What the stack made of it."""

    stack: Stack
    client: httpx2.Client
    id: str
    call: Call
    early: list[tuple[int, str]]
    """Status and code of every request for its sound before it was closed."""

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/recordings/{self.id}/report").json()
        return found

    def audio(self) -> NDArray[np.int16]:
        answer = self.client.get(f"/sessions/{self.id}/audio")
        assert answer.status_code == 200, answer.text
        return np.frombuffer(answer.content[44:], "<i2").reshape(-1, 2)


@pytest.fixture(scope="module")
def redacted() -> Iterator[Redacted]:
    call = made()
    pools = ("asr", "diarization", "emotion", "redaction", "sentiment")
    with servers() as stack, ExitStack() as running:
        stack.settings["SOUND_KEYS"] = f"k1:{b64encode(os.urandom(32)).decode()}"
        running.enter_context(stack.workers("core", *STAGES))
        running.enter_context(stack.workers("analyses", *pools))
        client = running.enter_context(client_of(stack, running.enter_context(stack.gateway())))
        fields = {"analyses": "asr,diarization,emotion,sentiment", "redact": "true"}
        sent = client.post("/recordings", files={"file": ("a.wav", call.wav)}, data=fields)
        assert sent.status_code == 202, sent.text
        made_id = sent.json()["id"]
        early = []
        with db.connect(stack.database_url) as connection:
            for _ in range(100_000):
                answer = client.get(f"/sessions/{made_id}/audio", headers={"Range": "bytes=0-99"})
                row = connection.execute(
                    "SELECT finished_at FROM recording WHERE id = %s", (made_id,)
                ).fetchone()
                if row is not None and row["finished_at"] is not None:
                    break
                early.append((answer.status_code, answer.json().get("code", "")))
        assert stack.wait_finished(made_id) == "complete"
        yield Redacted(stack, client, made_id, call, early)


def test_the_sound_is_silent_where_numbers_were_spoken(redacted: Redacted) -> None:
    heard = redacted.audio()
    assert len(heard) == len(redacted.call.sound)
    for channel, start, end in redacted.call.secrets:
        inside = slice((start + EXACT_MS) * RATE // 1000, (end - EXACT_MS) * RATE // 1000)
        assert not heard[inside, channel].any(), (channel, start, end)


def test_the_silenced_sound_is_encrypted(redacted: Redacted) -> None:
    stored = [*(redacted.stack.home / "audio").rglob("*.pcm")]
    assert stored
    for path in stored:
        assert path.read_bytes().startswith(MAGIC), path


def test_the_sound_is_silent_exactly_where_the_report_says(redacted: Redacted) -> None:
    heard, left = redacted.audio(), np.ones((len(redacted.call.sound), 2), bool)
    section = redacted.report()["sections"]["redaction"]
    for each in section["stretches"]:
        at = slice(each["start_ms"] * RATE // 1000, -(-each["end_ms"] * RATE // 1000))
        assert not heard[at, each["channel"]].any()
        left[at, each["channel"]] = False
    assert np.array_equal(heard[left], redacted.call.sound[left])
    drawn = redacted.client.get(f"/recordings/{redacted.id}/peaks", params={"zoom": 2}).json()
    pairs = np.array(drawn["data"]).reshape(-1, 2, 2)
    for each in section["stretches"]:
        pixels = slice(-(-each["start_ms"] // 20), each["end_ms"] // 20)
        assert not pairs[pixels, each["channel"]].any()


def test_what_is_no_number_stays(redacted: Redacted) -> None:
    report = redacted.report()
    text = " ".join(turn["text"] for turn in report["turns"]).lower()
    assert "good morning" in text
    assert "that is wonderful, thank you" in text
    assert "[number]" in text or "[card]" in text
    spoken_ms = sum(end - start for _, start, end in redacted.call.secrets)
    assert report["sections"]["redaction"]["silent_ms"] < 2 * spoken_ms
    assert all(
        turn["emotion"] for turn in report["turns"] if turn["end_ms"] - turn["start_ms"] > 3000
    )


def test_the_sound_was_withheld_until_it_was_redacted(redacted: Redacted) -> None:
    # 429: it is asked for as often as the gateway allows
    assert {status for status, _ in redacted.early} <= {409, 429}
    assert "not_redacted" in {code for _, code in redacted.early}


def figures(text: str) -> str:
    """The digits of a text, in figures and in words; what lies between them is left out."""
    named = {**{name: str(digit) for digit, name in enumerate(NAMES)}, "oh": "0"}
    parts = re.findall(r"[a-z]+|[0-9]", text.lower())
    return "".join(named.get(each, each if each.isdigit() else "") for each in parts)


def leaks(text: str) -> list[str]:
    """The planted numbers in a text: whole ones anywhere, the short one by itself, since its digits
    follow one another by chance in what has many; four digits in a row in the texts of its JSON,
    between which times lie, and in its words."""
    texts = re.findall(r'\\?"text\\?": ?\\?"([^"\\]*)', text)
    words = [figures(" ".join(texts)), figures(re.sub("[0-9]", "", text))]
    parts = [each[at : at + 4] for each in PLANTED for at in range(len(each) - 3)]
    found = [each for each in (CARD, PHONE) if each in figures(text)]
    found += re.findall(rf"(?<!\d){CODE}(?!\d)", text)
    return found + [each for each in parts if any(each in those for those in words)]


def test_the_scan_finds_what_is_there() -> None:
    rows = json.dumps([{"text": NAMES[int(each)], "start_ms": 17} for each in CARD])
    assert leaks(rows)
    assert leaks(json.dumps(rows))
    assert leaks(f"the card {CARD[:4]} {CARD[4:]}") == [CARD]
    assert leaks(f"code {CODE}, please") == [CODE]
    assert leaks("four one five") == []
    assert leaks("my number is four one five five then nothing") == ["4155"]


def rows_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every row of every table as text."""
    with db.connect(stack.database_url) as connection:
        tables = connection.execute(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        for table in tables:
            for row in connection.execute(
                f'SELECT to_jsonb(t)::text AS text FROM "{table["name"]}" t'
            ):
                yield f"postgres {table['name']}", row["text"]


READ: dict[str, Callable[[Any, str], object]] = {
    "string": lambda redis, key: redis.get(key),
    "hash": lambda redis, key: redis.hgetall(key),
    "list": lambda redis, key: redis.lrange(key, 0, -1),
    "set": lambda redis, key: redis.smembers(key),
    "zset": lambda redis, key: redis.zrange(key, 0, -1),
    "stream": lambda redis, key: redis.xrange(key),
}


def keys_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every value in Redis as text."""
    redis = Redis.from_url(stack.redis_url, decode_responses=True, encoding_errors="replace")
    for key in redis.scan_iter():
        yield f"redis {key}", str(READ[redis.type(key)](redis, key))


def files_of(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every file of the stack's folder but those of Postgres and the sound itself."""
    for path in stack.home.rglob("*"):
        inside = path.relative_to(stack.home)
        if path.is_file() and inside.parts[0] != "postgres" and path.suffix not in (".pcm", ".dat"):
            yield f"file {inside}", path.read_bytes().decode(errors="replace")


def test_no_planted_number_is_left_anywhere(redacted: Redacted) -> None:
    stack = redacted.stack
    places = [*rows_of(stack), *keys_of(stack), *files_of(stack)]
    for name in FORMATS:
        folder = stack.home / "exports" / name
        if name == "parquet" and find_spec("pyarrow") is None:
            continue  # an extra
        done = stack.earshot("export", redacted.id, "--format", name, "--out", str(folder))
        assert done.returncode == 0, done.stderr
        places.append((f"export {name}", done.stdout))
        if name == "parquet":
            parquet = importlib.import_module("pyarrow.parquet")
            places += [
                (str(path), json.dumps(parquet.read_table(path).to_pylist(), default=str))
                for path in folder.rglob("*.parquet")
            ]
    places += files_of(stack)
    for path in ("", "/report", "/export?format=srt"):
        places.append((path, redacted.client.get(f"/recordings/{redacted.id}{path}").text))
    places.append(("events", stack.earshot("events").stdout))
    kinds = {name.partition(" ")[0] for name, _ in places}
    assert kinds >= {"postgres", "redis", "file", "export"}
    (row,) = (text for name, text in places if name == "postgres recording")
    assert (
        "redact=card" in json.loads(row)["claimed_roles"]
    )  # the same content unredacted is another
    assert {name: found for name, text in places if (found := leaks(text))} == {}
    for path in stack.home.rglob("*.wav"):
        pytest.fail(f"the upload {path} is left")


def test_words_between_the_planted_times_are_placeholders(redacted: Redacted) -> None:
    for turn in redacted.report()["turns"]:
        for word in turn["words"]:
            middle = (word["start_ms"] + word["end_ms"]) // 2
            for channel, start, end in redacted.call.secrets:
                if turn["channel"] == channel and start < middle < end:
                    assert word["text"].startswith("["), word
