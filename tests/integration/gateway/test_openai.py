"""``POST /v1/audio/transcriptions`` by the vendor's own client, with real workers."""

import io
import json
import re
import socket
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import numpy as np
import openai
import pytest

from cli.localstack import waiting
from earshot.analysis.report.report import Report
from earshot.analysis.words.spelling import joined
from earshot.pools import STAGES
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from tests.integration.gateway.clients import client_of
from tests.servers import Stack, servers
from tests.sounds.voices import RATE, voice
from tests.subtitles import Shown, read_srt, read_vtt

pytestmark = pytest.mark.integration

DEMO = ("call.ogg", (PROJECT / "demo" / "call.ogg").read_bytes())
FORMATS = ("json", "verbose_json", "diarized_json", "text", "srt", "vtt")


def wav(samples: Any) -> tuple[str, bytes]:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return "short.wav", file.getvalue()


@pytest.fixture(scope="module")
def busy() -> Iterator[Stack]:
    """Servers with workers of speech recognition and diarization, and nothing else."""
    with servers() as started, ExitStack() as running:
        running.enter_context(started.workers("core", *STAGES))
        running.enter_context(started.workers("speech", "asr", "diarization", concurrency=2))
        started.settings["GATEWAY_URL"] = running.enter_context(started.gateway())
        yield started


@pytest.fixture(scope="module")
def vendor(busy: Stack) -> Iterator[openai.OpenAI]:
    with made(busy.settings["GATEWAY_URL"], busy.token(tenant="acme")) as client:
        yield client


def made(url: str, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, timeout=120)


@pytest.fixture
def short() -> tuple[str, bytes]:
    return wav(np.pad(voice(4), RATE))


def transcribe(client: openai.OpenAI, **options: Any) -> Any:
    """The answer to a request that may break the vendor's types."""
    return client.audio.transcriptions.create(**{"file": DEMO, "model": "whisper-1", **options})


def recording_of(answer: Any) -> UUID:
    return UUID(answer.model_extra["earshot"]["recording_id"])


def report_of(stack: Stack, recording_id: UUID) -> Report:
    with db.connect(stack.database_url) as connection:
        return Report.model_validate(recordings.report(connection, recording_id))


@pytest.fixture(scope="module")
def call(busy: Stack, vendor: openai.OpenAI) -> Report:
    """The report of the demo call."""
    return report_of(busy, recording_of(transcribe(vendor, response_format="diarized_json")))


def text_of(report: Report) -> str:
    return joined(turn.text for turn in report.turns if turn.text)


def test_json_is_the_text_of_the_report(vendor: openai.OpenAI, call: Report) -> None:
    answer = transcribe(vendor, response_format="json")
    assert isinstance(answer, openai.types.audio.Transcription)
    assert answer.text == text_of(call)
    assert "good morning" in answer.text.lower()
    assert answer.usage.seconds == call.recording.duration_ms / 1000
    assert recording_of(answer) == call.recording.id
    assert answer.model_extra["earshot"]["languages"] == ["en"]


def test_only_what_is_needed_is_analysed(
    busy: Stack, vendor: openai.OpenAI, short: tuple[str, bytes]
) -> None:
    answer = transcribe(vendor, file=short)
    report = report_of(busy, recording_of(answer))
    assert set(report.releases) == {"asr"}
    assert answer.text == text_of(report)
    assert len(answer.text.split()) > 3
    assert "speakers" not in answer.model_extra["earshot"]
    named = transcribe(vendor, file=short, model="gpt-4o-transcribe-diarize")
    assert named.text == answer.text
    report = report_of(busy, recording_of(named))
    assert set(report.releases) == {"asr", "diarization"}
    assert [each["label"] for each in named.model_extra["earshot"]["speakers"]] == ["A"]
    with db.connect(busy.database_url) as connection:
        kept = recordings.get(connection, report.recording.id)
    assert kept is not None
    assert (kept.tenant, kept.file_name) == ("acme", "short.wav")


def test_verbose_json_has_the_turns(vendor: openai.OpenAI, call: Report) -> None:
    answer = transcribe(vendor, response_format="verbose_json")
    assert isinstance(answer, openai.types.audio.TranscriptionVerbose)
    turns = [turn for turn in call.turns if turn.text]
    assert (answer.text, answer.language, answer.words) == (text_of(call), "en", None)
    assert answer.duration == call.recording.duration_ms / 1000
    assert [(each.start, each.end, each.text) for each in answer.segments] == [
        (turn.start_ms / 1000, turn.end_ms / 1000, turn.text) for turn in turns
    ]
    for segment, turn in zip(answer.segments, turns, strict=True):
        known = {"id", "start", "end", "text", "compression_ratio"}
        assert segment.model_fields_set == known  # and none is invented
        assert segment.earshot["role"] == turn.role
        assert segment.earshot["confidence"] == turn.confidence


@pytest.mark.parametrize("granularities", [["word"], ["word", "segment"]])
def test_words_have_the_times_and_confidences_of_the_report(
    vendor: openai.OpenAI, call: Report, granularities: list[str]
) -> None:
    answer = transcribe(
        vendor, response_format="verbose_json", timestamp_granularities=granularities
    )
    words = [word for turn in call.turns for word in turn.words]
    assert [
        (each.word, each.start, each.end, each.earshot["confidence"], each.earshot["timing"])
        for each in answer.words
    ] == [
        (word.text, word.start_ms / 1000, word.end_ms / 1000, word.confidence, word.timing)
        for word in words
    ]
    assert (answer.segments is None) == ("segment" not in granularities)


def test_diarized_json_has_the_speakers(vendor: openai.OpenAI, call: Report) -> None:
    answer = transcribe(
        vendor,
        response_format="diarized_json",
        model="gpt-4o-transcribe-diarize",
        chunking_strategy="auto",
    )
    assert isinstance(answer, openai.types.audio.TranscriptionDiarized)
    assert (answer.text, answer.task) == (text_of(call), "transcribe")
    label = {"agent": "A", "customer": "B"}
    assert [(each.id, each.speaker, each.text) for each in answer.segments] == [
        (turn.id, label[str(turn.role)], turn.text) for turn in call.turns if turn.text
    ]
    assert {each.speaker for each in answer.segments} == {"A", "B"}
    speakers = answer.model_extra["earshot"]["speakers"]
    assert [(each["label"], each["role"]) for each in speakers] == [
        ("A", "agent"),
        ("B", "customer"),
    ]


def test_text_is_the_text(vendor: openai.OpenAI, call: Report) -> None:
    assert transcribe(vendor, response_format="text") == f"{text_of(call)}\n"


@pytest.mark.parametrize(("response_format", "read"), [("srt", read_srt), ("vtt", read_vtt)])
def test_subtitles_hold_every_word_at_its_time(
    vendor: openai.OpenAI, call: Report, response_format: str, read: Callable[[str], list[Shown]]
) -> None:
    found = read(transcribe(vendor, response_format=response_format))
    words = [(turn.role, word) for turn in call.turns for word in turn.words]
    starts = {word.start_ms for _, word in words}
    assert {cue.start_ms for cue in found} <= starts
    shown = [(cue.speaker, word) for cue in found for line in cue.lines for word in line.split()]
    assert sorted(word for _, word in shown) == sorted(word.text for _, word in words)
    if response_format == "vtt":
        for role in ("agent", "customer"):
            assert [word for who, word in shown if who == role] == [
                word.text for who, word in words if who == role
            ]


def test_the_stream_ends_with_the_whole_text(vendor: openai.OpenAI, call: Report) -> None:
    events = list(transcribe(vendor, stream=True))
    assert {each.type for each in events[:-1]} == {"transcript.text.delta"}
    assert events[-1].type == "transcript.text.done"
    assert "".join(each.delta for each in events[:-1]) == events[-1].text == text_of(call)
    assert events[-1].model_extra["earshot"]["recording_id"] == str(call.recording.id)


def test_the_stream_of_a_new_recording_names_speakers(vendor: openai.OpenAI) -> None:
    file = wav(np.pad(voice(5, of="customer"), RATE))
    events = list(transcribe(vendor, file=file, stream=True, response_format="diarized_json"))
    segments = [each for each in events if each.type == "transcript.text.segment"]
    deltas = [each for each in events if each.type == "transcript.text.delta"]
    assert segments
    assert [each.id for each in segments] == [each.segment_id for each in deltas]
    assert {each.speaker for each in segments} == {"A"}
    assert joined(each.text for each in segments) == events[-1].text


def test_a_language_that_nobody_recognises_is_an_error(
    vendor: openai.OpenAI, short: tuple[str, bytes]
) -> None:
    answer = transcribe(vendor, file=short, language="en", response_format="verbose_json")
    assert answer.language == "en"
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        transcribe(vendor, file=short, language="fr")
    assert UUID(refused.value.response.json()["recording_id"])
    assert refused.value.type == "invalid_request_error"


def test_silence_is_an_empty_text(vendor: openai.OpenAI) -> None:
    silent = wav(np.zeros(3 * RATE))
    answer = transcribe(vendor, file=silent, response_format="verbose_json")
    assert (answer.text, answer.segments) == ("", [])
    assert transcribe(vendor, file=silent, response_format="srt") == ""
    assert transcribe(vendor, file=silent, response_format="vtt") == "WEBVTT\n"
    events = list(transcribe(vendor, file=silent, stream=True))
    assert [(each.type, each.text) for each in events] == [("transcript.text.done", "")]


def test_what_is_no_audio_is_an_error(vendor: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        transcribe(vendor, file=("a.mp3", b"no audio at all" * 100))
    assert (refused.value.code, refused.value.param) == ("not_audio", None)
    with pytest.raises(openai.APIError, match="audio") as streamed:
        list(transcribe(vendor, file=("a.mp3", b"none here" * 100), stream=True))
    assert streamed.value.code == "not_audio"


REFUSED = [
    ({"prompt": "Hello."}, "prompt"),
    ({"temperature": 0.2}, "temperature"),
    ({"include": ["logprobs"]}, "include[]"),
    ({"keywords": ["Earshot"]}, "keywords[]"),
    ({"languages": ["en", "fr"]}, "languages[]"),
    ({"known_speaker_names": ["ann"]}, "known_speaker_names[]"),
    ({"known_speaker_references": ["data:audio/wav;base64,AA"]}, "known_speaker_references[]"),
    ({"chunking_strategy": {"type": "server_vad"}}, "chunking_strategy[type]"),
    ({"chunking_strategy": "manual"}, "chunking_strategy"),
    ({"response_format": "xml"}, "response_format"),
    ({"timestamp_granularities": ["word"]}, "timestamp_granularities[]"),
    (
        {"timestamp_granularities": ["phone"], "response_format": "verbose_json"},
        "timestamp_granularities[]",
    ),
    ({"stream": True, "response_format": "srt"}, "stream"),
    ({"language": "english!"}, "language"),
    ({"model": ""}, "model"),
    ({"extra_body": {"colour": "red"}}, None),
]


def inbox(stack: Stack) -> set[Path]:
    return {path for path in (stack.home / "audio" / "inbox").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("options", "param"), REFUSED, ids=[f"{n}-{each[1]}" for n, each in enumerate(REFUSED)]
)
def test_what_cannot_be_done_is_refused_by_name(
    busy: Stack, vendor: openai.OpenAI, options: dict[str, Any], param: str | None
) -> None:
    before = inbox(busy)
    with pytest.raises(openai.BadRequestError) as refused:
        transcribe(vendor, **options)
    assert (refused.value.param, refused.value.type) == (param, "invalid_request_error")
    assert (param or "colour").removesuffix("[]") in str(refused.value)
    problem = refused.value.response.json()
    assert problem["status"] == refused.value.status_code == 400
    assert problem["detail"] == problem["error"]["message"]
    assert refused.value.response.headers["content-type"] == "application/problem+json"
    assert inbox(busy) <= before


def test_options_that_change_nothing_are_taken(vendor: openai.OpenAI, call: Report) -> None:
    answer = transcribe(
        vendor, temperature=0, prompt="", chunking_strategy="auto", model="earshot", stream=False
    )
    assert answer.text == text_of(call)


def test_an_unknown_model_is_not_found(vendor: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        transcribe(vendor, model="whisper-9")
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_a_form_without_a_file_is_refused(busy: Stack) -> None:
    with client_of(busy, busy.settings["GATEWAY_URL"]) as plain:
        form = {"model": (None, "whisper-1")}
        answer = plain.post("/v1/audio/transcriptions", files=form)
        assert (answer.status_code, answer.json()["code"]) == (400, "missing_file")
        assert answer.json()["error"]["code"] == "missing_file"
        text = plain.post("/v1/audio/transcriptions", content=b"x")
        assert (text.status_code, text.json()["error"]["type"]) == (415, "invalid_request_error")


def test_keys_are_checked(busy: Stack) -> None:
    url = busy.settings["GATEWAY_URL"]
    with made(url, "ear_wrong") as wrong, pytest.raises(openai.AuthenticationError) as refused:
        transcribe(wrong)
    assert refused.value.code == "invalid_api_key"
    with made(url, busy.token("read")) as reader, pytest.raises(openai.PermissionDeniedError):
        transcribe(reader)


def test_limits_are_those_that_clients_know(busy: Stack, short: tuple[str, bytes]) -> None:
    """413 and 429 of a gateway with small limits; 504 with the recording's id, which its tenant
    can read, and which no client sends again."""
    limits = {"OPENAI_ANSWER_SEC": "0.01", "MAX_UPLOAD_MB": "1", "REQUESTS_PER_SEC": "0.01"}
    narrow = Stack(
        busy.home,
        busy.redis_url,
        busy.database_url,
        settings={**busy.settings, **limits, "REQUESTS_BURST": "3"},
    )
    with narrow.gateway("narrow") as url, made(url, busy.token(tenant="zeta")) as client:
        client.max_retries = 0
        with pytest.raises(openai.APIStatusError) as long:
            transcribe(client, file=("a.wav", bytes(2_000_000)))
        assert (long.value.status_code, long.value.code) == (413, "too_large")
        client.max_retries = 2
        with pytest.raises(openai.InternalServerError) as late:
            transcribe(client, file=short)
        assert (late.value.status_code, late.value.type) == (504, "server_error")
        problem = late.value.response.json()
        recording_id = problem["recording_id"]
        assert problem["links"]["recording"] in problem["detail"]
        with pytest.raises(openai.APIError) as streamed:
            list(transcribe(client, file=short, stream=True))
        assert (streamed.value.code, streamed.value.type) == ("not_finished", "server_error")
        client.max_retries = 0
        with pytest.raises(openai.RateLimitError) as often:
            transcribe(client, file=short)
        assert often.value.code == "rate_limit_exceeded"
    assert busy.wait_finished(recording_id) == "complete"
    with client_of(busy, busy.settings["GATEWAY_URL"], "read", "zeta") as zeta:
        assert zeta.get(problem["links"]["recording"]).json()["state"] == "complete"
    with client_of(busy, busy.settings["GATEWAY_URL"], "admin", "acme") as other:
        assert other.get(problem["links"]["recording"]).status_code == 404


def head(url: str, token: str, length: int) -> bytes:
    lines = (
        "POST /v1/audio/transcriptions HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Authorization: Bearer {token}",
        "Content-Type: multipart/form-data; boundary=B",
        f"Content-Length: {length}",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def waiting_requests(url: str) -> float:
    text = httpx2.get(f"{url}/metrics", trust_env=False).text
    found = re.search(r"^earshot_requests_waiting (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_client_that_leaves_is_not_waited_for_and_its_recording_stays(
    door: Stack, stream: str
) -> None:
    url, tenant = door.settings["GATEWAY_URL"], f"t{uuid4().hex[:8]}"
    part = '--B\r\nContent-Disposition: form-data; name="{}\r\n\r\n{}\r\n'
    fields = ('model"', "earshot"), ('stream"', stream), ('file"; filename="a.wav"', "x")
    body = ("".join(part.format(*each) for each in fields) + "--B--\r\n").encode()
    before = waiting_requests(url)
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(head(url, door.token(tenant=tenant), len(body)) + body)
        waiting.until(lambda: waiting_requests(url) > before, 20, "the waiting request")
    waiting.until(lambda: waiting_requests(url) == before, 20, "the end of waiting")
    with client_of(door, url, "read", tenant) as client:
        (listed,) = client.get("/recordings").json()["recordings"]
    assert listed["state"] == "queued"


def test_a_full_backlog_is_503(door: Stack) -> None:
    limits = {"OPENAI_ANSWER_SEC": "0.01", "MAX_UNMERGED_CHUNKS": "1"}
    full = Stack(door.home, door.redis_url, door.database_url, settings={**door.settings, **limits})
    with full.gateway("full") as url, made(url, door.token()) as client:
        client.max_retries = 0
        for _ in range(2):  # the first, unless the backlog is full of what other tests sent
            with pytest.raises(openai.InternalServerError) as refused:
                transcribe(client)
        assert (refused.value.status_code, refused.value.code) == (503, "backlog")
        assert refused.value.type == "server_error"
        assert int(refused.value.response.headers["retry-after"]) > 0


def test_the_published_examples_are_of_the_vendors_shapes() -> None:
    document = json.loads((PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    content = document["paths"]["/v1/audio/transcriptions"]["post"]["responses"]["200"]["content"]
    examples = content["application/json"]["examples"]
    openai.types.audio.Transcription.model_validate(examples["json"]["value"])
    verbose = examples["verbose_json"]["value"]
    openai.types.audio.TranscriptionVerbose.model_validate({**verbose, "segments": None})
