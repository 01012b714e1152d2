"""The main job, with real Redis, Postgres and worker processes: the demo call goes in, a report and
events come out."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator
from redis import Redis

from cli.localstack.waiting import became
from earshot.analysis.types import TRANSCRIPT
from earshot.registry import cards
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.integration.wire import Wire
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
SIX = {"neutral", "happy", "angry", "sad", "frustrated", "surprised"}
SCHEMAS = PROJECT / "docs" / "schemas"

Call = tuple[dict[str, Any], dict[str, Any], Wire]


def events_of(stack: Stack, recording_id: str) -> list[dict[str, Any]]:
    found = stream.read(Redis.from_url(stack.redis_url), count=100_000)
    return [event for _, event in found if event["recording_id"] == recording_id]


def check(name: str, body: dict[str, Any]) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)


@pytest.fixture(scope="module")
def call(stack: Stack) -> Call:
    """The demo call, sent by a bare client without naming a queue: the reply, the report, and every
    task message sent."""
    uri = stack.offer(DEMO)
    with Wire(stack.redis_url) as wire:
        reply = enqueue(stack, {"uri": uri, "file_name": "demo.ogg"})
        stack.wait_finished(reply["recording_id"])
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, reply["recording_id"])
    assert report is not None
    return reply, report, wire


def test_another_service_gets_an_answer_it_can_validate(call: Call) -> None:
    reply, _, _ = call
    check("ingest.reply", reply)
    assert reply["duplicate"] is False
    assert reply["error"] is None


def test_the_report_keeps_its_schema_and_tells_the_call(call: Call) -> None:
    _, report, _ = call
    check("report", report)
    assert report["status"] == "complete"
    assert [speaker["role"] for speaker in report["speakers"]] == ["agent", "customer"]
    turns = report["turns"]
    assert [turn["start_ms"] for turn in turns] == sorted(turn["start_ms"] for turn in turns)
    assert {"music", "speech"} <= {stretch["label"] for stretch in report["scene"]}
    assert {each["role"] for each in report["sentiment"]} == {"agent", "customer"}
    assert all(turn["emotion"] for turn in turns if turn["end_ms"] - turn["start_ms"] > 1000)
    assert {turn["text_sentiment"]["status"] for turn in turns if len(turn["words"]) > 1} == {
        "scored"
    }
    assert {each["overall"]["basis"] for each in report["fusion"]["speakers"]} == {"both"}


def test_most_words_of_the_known_script_are_heard_by_the_right_role(
    call: Call,
) -> None:
    _, report, _ = call
    script = json.loads((PROJECT / "demo" / "call.json").read_text(encoding="utf-8"))
    for role in ("agent", "customer"):
        said = {
            word
            for each in script["utterances"]
            if each["role"] == role
            for word in each["text"].split()
        }
        heard = {
            word
            for turn in report["turns"]
            if turn["role"] == role
            for word in turn["text"].split()
        }
        assert len(said & heard) / len(said) > 0.4, f"{role}: {sorted(said - heard)}"


def test_every_classification_is_one_event(stack: Stack, call: Call) -> None:
    reply, report, _ = call
    told = events_of(stack, reply["recording_id"])
    assert len({event["id"] for event in told}) == len(told)
    for event in told:
        check(
            "event.classification" if event["type"] == "classification" else "event.recording",
            event,
        )
    with db.connect(stack.database_url) as connection:
        rows = connection.execute(
            "SELECT chunk_index, analysis FROM finding "
            "WHERE recording_id = %s AND outcome -> 'classification' <> 'null'::jsonb",
            (reply["recording_id"],),
        ).fetchall()
    names = ("scene", "noise", "sentiment", "emotion", "text_sentiment")
    published = [
        (TRANSCRIPT if e["chunk"] is None else e["chunk"], name)
        for e in told
        if e["type"] == "classification"
        for name in names
        if name in e
    ]
    assert sorted(published) == sorted((row["chunk_index"], row["analysis"]) for row in rows)
    assert [event["state"] for event in told if event["type"] == "recording.completed"] == [
        report["status"]
    ]


def test_an_event_about_emotion_has_six_labels_and_says_which_are_known(
    stack: Stack, call: Call
) -> None:
    reply, _, _ = call
    told = [
        event["emotion"] for event in events_of(stack, reply["recording_id"]) if "emotion" in event
    ]
    assert told
    for said in told:
        assert set(said["scores"]) == set(said["label_coverage"]) == SIX
        assert sum(said["scores"].values()) == pytest.approx(1, abs=1e-9)
        assert [label for label, is_told in said["label_coverage"].items() if not is_told] == [
            "frustrated"
        ]


def test_a_language_that_is_not_known_is_not_taken_for_silence(stack: Stack) -> None:
    reply = enqueue(
        stack, {"uri": stack.offer(DEMO), "analyses": ["asr"], "language": "und"}, "ingest"
    )
    assert stack.wait_finished(reply["recording_id"]) == "partial"
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, reply["recording_id"])
    assert report is not None
    assert {(each["analysis"], each["code"]) for each in report["missing"]} == {
        ("asr", "language_unsupported")
    }
    assert report["skipped"] == []
    page = stack.earshot("report", reply["recording_id"]).stdout
    [line] = [line for line in page.splitlines() if "language_unsupported" in line]
    assert "asr-moonshine-tiny-en-1 supports en, and does not detect the language" in " ".join(
        page.split()
    ), line


def test_the_call_went_through_every_queue(call: Call) -> None:
    _, report, wire = call
    sent = {message["task"] for message in wire.messages}
    analyses = {f"analyze.{name}" for name in report["releases"]}
    assert (
        analyses | {"ingest.recording", "merge.batch", "merge.whole", "finalize.recording"} <= sent
    )
    always = [card.name for card in cards() if not card.glossary and not card.redacts]
    assert analyses == {f"analyze.{name}" for name in always}


def test_nothing_that_was_said_is_in_any_message(call: Call) -> None:
    _, report, wire = call
    said = [turn["text"].split() for turn in report["turns"]]
    phrases = {f"{one} {two}" for words in said for one, two in pairwise(words)}
    assert len(phrases) > 50
    bodies = [message["body"] for message in wire.messages]
    assert [phrase for phrase in phrases if any(phrase in body for body in bodies)] == []
    assert max(map(len, bodies)) < 20_000  # references only, no audio


def test_a_sound_that_is_missed_can_be_asked_for(stack: Stack, call: Call) -> None:
    reply, report, _ = call
    done = stack.earshot("why", reply["recording_id"][:8], "--label", "music")
    assert done.returncode == 0, done.stderr
    music = [sound for sound in report["sounds"] if sound["label"] == "music"]
    assert music
    assert done.stdout.count("reported: music") >= len(music)
    one = stack.earshot("why", reply["recording_id"], "--label", "Dog", "--chunk", "0")
    assert one.stdout.startswith("Dog counts as noise\nchunk 0  0:00.0-")
    assert "an event must reach 50%" in one.stdout
    gone = stack.earshot("why", reply["recording_id"], "--label", "Dog", "--chunk", "99")
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    assert report["scene_overall"]["label"] == "speech"


def test_the_same_content_is_answered_with_the_stored_recording(stack: Stack, call: Call) -> None:
    first, report, _ = call
    again = enqueue(stack, {"uri": stack.offer(DEMO)}, "ingest")
    assert (again["recording_id"], again["duplicate"], again["state"]) == (
        first["recording_id"],
        True,
        "complete",
    )
    forced = enqueue(
        stack, {"uri": stack.offer(DEMO), "force": True, "analyses": ["scene"]}, "ingest"
    )
    assert forced["recording_id"] != first["recording_id"]
    stack.wait_finished(forced["recording_id"])
    with db.connect(stack.database_url) as connection:
        second = recordings.report(connection, forced["recording_id"])
    assert second is not None
    assert second["scene"] == report["scene"]  # the same content and release say the same
    assert {turn["text"] for turn in second["turns"]} == {
        ""
    }  # speech was heard, and nobody was asked what was said


def test_who_speaks_when_may_be_all_that_is_asked_for(stack: Stack) -> None:
    reply = enqueue(
        stack, {"uri": stack.offer(DEMO), "force": True, "analyses": ["diarization"]}, "ingest"
    )
    assert stack.wait_finished(reply["recording_id"]) == "complete"
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, reply["recording_id"])
    assert report is not None
    assert {turn["role"] for turn in report["turns"]} == {"agent", "customer"}


def test_one_request_delivered_twice_at_once_is_taken_in_once(stack: Stack) -> None:
    request = {
        "uri": stack.offer(DEMO),
        "recording_id": str(uuid4()),
        "force": True,
        "analyses": ["scene"],
    }
    with ThreadPoolExecutor(2) as senders:
        replies = list(senders.map(lambda _: enqueue(stack, request, "ingest"), range(2)))
    assert stack.wait_finished(request["recording_id"]) == "complete"
    assert {reply["recording_id"] for reply in replies} == {request["recording_id"]}
    assert "failed" not in {reply["state"] for reply in replies}
    told = events_of(stack, request["recording_id"])
    assert sum(event["type"] == "recording.completed" for event in told) == 1
    assert (stack.home / "audio" / "recordings" / request["recording_id"] / "16000.pcm").exists()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"uri": "file:///etc/passwd"}, "outside_roots"),
        ({"uri": "{offered}/gone.wav"}, "missing"),
        ({"uri": "gs://calls/7.wav"}, "ingest_failed"),  # allowed, but gcsfs is not installed
        ({"uri": "{demo}", "analyses": ["telepathy"]}, "analyses"),
        ({"uri": "{demo}", "roles": ["a", "b", "c"], "force": True}, "roles"),
    ],
)
def test_what_cannot_be_ingested_is_a_row_with_the_reason(
    stack: Stack, request_: dict[str, Any], code: str
) -> None:
    demo = stack.offer(DEMO)
    request = json.loads(
        json.dumps(request_).replace("{demo}", demo).replace("{offered}", demo.rpartition("/")[0])
    )
    reply = enqueue(stack, request, "ingest")
    assert (reply["state"], reply["error"]["code"]) == ("failed", code)
    with db.connect(stack.database_url) as connection:
        row = recordings.get(connection, reply["recording_id"])
    assert row is not None
    assert (row.state, row.error_code) == ("failed", code)
    assert [event["type"] for event in events_of(stack, reply["recording_id"])] == [
        "recording.failed"
    ]
    assert not list((stack.home / "audio" / "recordings").glob(f"{reply['recording_id']}/*"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says who is writing a file")
def test_a_call_that_is_still_recorded_is_waited_for(stack: Stack) -> None:
    whole, recording_id = DEMO.read_bytes(), str(uuid4())
    path = Path(stack.offer(DEMO, f"{recording_id}.ogg").removeprefix("file://"))
    request = {"uri": str(path), "recording_id": recording_id, "force": True, "analyses": ["scene"]}
    with path.open("wb", 0) as recorder, ThreadPoolExecutor(1) as sender:
        recorder.write(whole[: len(whole) // 2])
        reply = sender.submit(enqueue, stack, request, "ingest")
        log = stack.home / "logs" / "core.log"
        assert became(lambda: "is still being written" in log.read_text(encoding="utf-8"), 60)
        recorder.write(whole[len(whole) // 2 :])
        recorder.close()
        assert reply.result()["error"] is None
    assert stack.wait_finished(recording_id) == "complete"
    with db.connect(stack.database_url) as connection:
        report = recordings.report(connection, UUID(recording_id))
    assert report is not None
    assert report["recording"]["duration_ms"] == pytest.approx(80_000, abs=500)
