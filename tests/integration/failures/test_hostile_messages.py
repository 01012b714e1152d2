"""Messages that no worker can process are counted, logged in one line, and set aside; those before
and behind are not disturbed."""

import base64
import json
import pickle
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from redis import Redis

from cli.localstack import processes, waiting
from earshot.analysis.types import Batch, ChunkKey, Job
from earshot.models.checkpoints.defaults import default_releases
from earshot.settings import PROJECT
from earshot.storage.redis import refused
from tests.integration import strange_messages
from tests.integration.enqueue import enqueue
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
POOLS = ("ingest", "merge", "finalize", "upkeep", "scene")
BAD_JOB = {"analysis": "scene", "batch_id": "seven", "release": {}, "chunks": []}


def envelope(task: str, *args: Any, body: bytes | None = None, **changed: Any) -> dict[str, Any]:
    """A message as Celery's protocol 2 wants it, but for what is ``changed``."""
    text = json.dumps(
        [args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    ).encode()
    properties = {
        "delivery_tag": str(uuid4()),
        "delivery_info": {"exchange": "", "routing_key": "ingest"},
        "body_encoding": "base64",
    }
    return {
        "body": base64.b64encode(text if body is None else body).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"id": str(uuid4()), "task": task},
        "properties": properties,
        **changed,
    }


def without(message: dict[str, Any], *path: str) -> dict[str, Any]:
    place = message
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return message


OWN = "ingest.recording"
GOOD = envelope(OWN, {"uri": "file:///calls/7.wav"})
HOSTILE: dict[str, list[tuple[str, Any]]] = {
    "not_json": [
        ("ingest", b"garbage{"),
        ("scene", b"\xff\xfe\x00"),
        ("merge", b""),
        ("scene", b"[" * 100_000),
        ("ingest", b'{"__type__": "decimal", "__value__": "x"}'),
        ("celery", pickle.dumps({"task": OWN})),
    ],
    "not_an_envelope": [
        ("ingest", 7),
        ("ingest", []),
        ("upkeep", {}),
        ("ingest", without(envelope(OWN), "properties")),
        ("ingest", without(envelope(OWN), "headers")),
        ("ingest", without(envelope(OWN), "headers", "id")),
        ("ingest", without(envelope(OWN), "properties", "body_encoding")),
        ("ingest", without(envelope(OWN), "body")),
        ("ingest", envelope(OWN, headers={"id": "1\n2026 CRITICAL forged", "task": OWN})),
        ("ingest", envelope(OWN, headers={"id": "1", "task": OWN, "eta": "tomorrow"})),
        ("ingest", envelope(OWN, headers={"id": "1", "task": OWN, "retries": "x"})),
    ],
    "content_type": [
        (
            "ingest",
            envelope(
                OWN,
                body=pickle.dumps(((), {}, {})),
                **{"content-type": "application/x-python-serialize"},
            ),
        ),
        ("ingest", envelope(OWN, **{"content-type": "application/x-yaml"})),
    ],
    "body": [
        ("ingest", {**GOOD, "body": GOOD["body"][:-7]}),
        ("ingest", envelope(OWN, body=b"[[{")),
        ("scene", envelope("analyze.scene", body=b'{"args": []}')),
        ("ingest", envelope(OWN, body=b"\xff\xff")),
    ],
    "unknown_task": [
        ("ingest", envelope("os.system", "true")),
        ("scene", envelope("celery.chord_unlock", "g", None)),
        ("merge", envelope("analyze.telepathy", {})),
    ],
    "arguments": [
        ("ingest", envelope(OWN)),
        ("scene", envelope("analyze.scene", 1, 2)),
        ("upkeep", envelope("upkeep.reconcile", 1)),
        ("finalize", envelope("finalize.recording")),
    ],
    "schema": [
        ("ingest", envelope(OWN, {"uri": "file:///a", "fore": True})),
        ("ingest", envelope(OWN, "file:///a")),
        ("scene", envelope("analyze.scene", BAD_JOB)),
        ("merge", envelope("merge.batch", {"chunks": 1})),
        ("merge", envelope("merge.whole", None)),
        ("finalize", envelope("finalize.recording", "seven")),
    ],
}


def test_hostile_messages_are_put_aside_and_disturb_nobody(stage: Stack) -> None:
    client = Redis.from_url(stage.redis_url)
    with stage.workers("all", *POOLS) as worker:
        before = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})
        for queue, message in (each for sent in HOSTILE.values() for each in sent):
            client.lpush(queue, message if isinstance(message, bytes) else json.dumps(message))
        after = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"], "force": True})
        for reply in (before, after):
            assert stage.wait_finished(reply["recording_id"]) == "complete"
        assert_nothing_left(client)
        assert worker.alive()
        log = said(stage, "all")
    assert refused.counts(client) == {reason: len(sent) for reason, sent in HOSTILE.items()}
    assert log.count("refused a message") == sum(len(sent) for sent in HOSTILE.values())
    assert "Traceback" not in log
    assert not [line for line in log.splitlines() if line.startswith("2026 CRITICAL forged")]
    newest = refused.latest(client, 1000)
    assert {each.reason for each in newest} == set(HOSTILE)
    assert all(len(each.message) <= 4 * refused.MESSAGE_BYTES for each in newest)
    warned = [
        line
        for line in stage.earshot("doctor").stdout.splitlines()
        if re.match(r"warn .*refused", line)
    ]
    assert "schema" in warned[0]


def test_a_thousand_strange_messages_end_no_worker(stage: Stack) -> None:
    client = Redis.from_url(stage.redis_url)
    strange = strange_messages.all_of(job_of(uuid4(), stage.home).model_dump(mode="json"))
    assert len(strange) > 1000
    with stage.workers("core", *POOLS[:4]) as core, stage.workers("scene", "scene") as scene:
        before = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})
        for queue, message in strange:
            client.lpush(queue, message)
        after = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"], "force": True})
        for reply in (before, after):
            assert stage.wait_finished(reply["recording_id"]) == "complete"
        assert_nothing_left(client)
        log = said(stage, "core") + said(stage, "scene")
        assert core.alive()
        assert scene.alive()
    assert log.count("refused a message") == len(strange)
    assert "Traceback" not in log
    assert sum(refused.counts(client).values()) == len(strange)
    kept = refused.latest(client, 10_000)
    assert len(kept) <= 1.2 * refused.MAX_KEPT
    assert max(len(each.message) for each in kept) <= 4 * refused.MESSAGE_BYTES
    assert max(len(each.detail) for each in kept) <= 300


def test_whoever_waits_for_a_refused_message_is_told(stage: Stack) -> None:
    sender = Celery(broker=stage.redis_url, backend=stage.redis_url)
    with stage.workers("all", "ingest"):
        for task, args in ((OWN, [{"url": "file:///a"}]), (OWN, []), ("no.such_task", [])):
            with pytest.raises(
                Exception, match=r"uri: Field required|missing 1 required|no\.such_task"
            ):
                sender.send_task(task, args, queue="ingest").get(timeout=60)


def test_jobs_for_a_recording_that_was_deleted_are_put_aside(stage: Stack) -> None:
    gone = uuid4()
    job = job_of(gone, stage.home)
    (stage.home / "audio" / "recordings").mkdir(
        parents=True
    )  # a store that is not there is waited for
    batch = Batch(batch_id=uuid4(), chunks=(ChunkKey(recording_id=gone, index=0),))
    sender = Celery(broker=stage.redis_url, backend=stage.redis_url)
    client = Redis.from_url(stage.redis_url)
    with stage.workers("all", *POOLS):
        sender.send_task("analyze.scene", [job.model_dump(mode="json")], queue="scene").get(
            timeout=60
        )
        sender.send_task("merge.batch", [batch.model_dump(mode="json")], queue="merge")
        sender.send_task("finalize.recording", [str(gone)], queue="finalize")
        reply = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
        assert_nothing_left(client)
        log = said(stage, "all")
    assert "Traceback" not in log
    assert (
        len(
            [
                line
                for line in log.splitlines()
                if "scene failed on recording" in line and str(gone) in line
            ]
        )
        == 1
    )
    assert len([line for line in log.splitlines() if "deleted" in line and str(gone) in line]) == 2
    assert refused.counts(client) == {"deleted": 2}
    assert {each.queue for each in refused.latest(client, 10)} == {"merge", "finalize"}


def test_what_is_no_upload_is_answered_at_once_and_stays(stage: Stack) -> None:
    inbox = stage.home / "audio" / "inbox"
    (inbox / "folder").mkdir(parents=True)
    sender = Celery(broker=stage.redis_url, backend=stage.redis_url)
    client = Redis.from_url(stage.redis_url)
    with stage.workers("all", *POOLS):
        for name, code in (
            ("folder", "not_audio"),
            ("", "not_audio"),
            ("folder/", "not_audio"),
            ("x" * 304, "missing"),
        ):
            request = {"uri": f"file://{inbox}/{name}"}
            reply = sender.send_task(OWN, [request], queue="ingest").get(timeout=60)
            assert (reply["state"], reply["error"]["code"]) == ("failed", code)
        uploaded = inbox / "a" / "call.ogg"
        uploaded.parent.mkdir()
        shutil.copy(DEMO, uploaded)
        reply = enqueue(stage, {"uri": f"file://{uploaded}", "analyses": ["scene"]})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
        assert_nothing_left(client)
        log = said(stage, "all")
    assert [each.name for each in inbox.iterdir()] == ["folder"]
    assert "Traceback" not in log
    assert "retry" not in log


def test_a_job_names_nothing_but_stored_audio_and_known_releases(
    stage: Stack, tmp_path: Path
) -> None:
    """And nothing is said about the chunks that it names: those of a real recording stay as they
    are."""
    secret = tmp_path / "secret.pcm"
    secret.write_bytes(b"secret" * 16_000)
    sender = Celery(broker=stage.redis_url, backend=stage.redis_url)
    client = Redis.from_url(stage.redis_url)
    with stage.workers("all", *POOLS):
        reply = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
        good = job_of(UUID(reply["recording_id"]), stage.home)
        other = job_of(uuid4(), stage.home).chunks[0]
        wrong = {
            "foreign_audio": [
                *(
                    good.chunks[0].model_copy(update={"audio_uri": uri})
                    for uri in (str(secret), f"file://{secret}")
                ),
                good.chunks[0].model_copy(
                    update={"audio_uri": f"{good.chunks[0].audio_uri}/../../../../../{secret}"}
                ),
                good.chunks[0].model_copy(update={"audio_uri": other.audio_uri}),
            ],
            "unknown_release": [
                good.release.model_copy(update=changed)
                for changed in (
                    {"uri": str(PROJECT / "models" / good.release.uri)},
                    {"uri": f"../models/{good.release.uri}"},
                    {"name": "mine"},
                    {"sha256": "0" * 64},
                    {"labels": ("speech",)},
                )
            ],
        }
        jobs = [good.model_copy(update={"chunks": (chunk,)}) for chunk in wrong["foreign_audio"]]
        jobs += [
            good.model_copy(update={"release": release}) for release in wrong["unknown_release"]
        ]
        jobs.append(good.model_copy(update={"gate": wrong["unknown_release"][0]}))
        said_before = {key: client.hgetall(key) for key in client.scan_iter("chunk:*")}
        for job in jobs:
            sent = sender.send_task("analyze.scene", [job.model_dump(mode="json")], queue="scene")
            with pytest.raises(Exception, match=r"is not in file:|is not as the catalog"):
                sent.get(timeout=60)
        assert {key: client.hgetall(key) for key in client.scan_iter("chunk:*")} == said_before
        assert sender.send_task("analyze.scene", [good.model_dump(mode="json")], queue="scene").get(
            timeout=60
        )
        log = said(stage, "all")
    assert refused.counts(client) == {"foreign_audio": 4, "unknown_release": 6}
    assert log.count("refused a message") == len(jobs)
    assert "Traceback" not in log


def job_of(recording_id: UUID, home: Path) -> Job:
    """A job for a recording that is not there."""
    chunk = {
        "recording_id": recording_id,
        "index": 0,
        "start_ms": 0,
        "end_ms": 1000,
        "audio_uri": f"file://{home}/audio/recordings/{recording_id}/16000.pcm",
        "sample_rate": 16_000,
        "channels": 1,
        "native_rate": 16_000,
    }
    release = default_releases()["scene"]
    return Job.model_validate(
        {
            "analysis": "scene",
            "batch_id": uuid4(),
            "release": release,
            "chunks": [chunk],
            "sent_at": 0,
        }
    )


def said(stage: Stack, worker: str) -> str:
    """The worker's log so far, from where it was ready."""
    return (
        processes.log_file(stage.home, worker).read_text(encoding="utf-8").partition(" ready.")[2]
    )


def assert_nothing_left(client: Redis) -> None:
    """No message waits, and none is held by a worker."""
    keys = ("ingest", "celery", "scene", "merge", "finalize", "upkeep", "unacked", "unacked_index")
    waiting.until(lambda: not client.exists(*keys), 30, "every queue empty")
