"""An alarm in a long recording is published once while its chunk is analysed, despite repetitions
and unavailable services."""

import threading
import wave
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import UUID

import numpy as np
import pytest
from redis import Redis

from cli.localstack import postgres, waiting
from earshot.analysis.types import ChunkKey
from earshot.audio.alarms.rhythm import T3
from earshot.storage import staging
from earshot.storage.postgres import db, ledger, recordings
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.integration.flow.test_pipeline import check
from tests.servers import Stack
from training.data.alarm_sounds import over, sound

pytestmark = pytest.mark.integration

RATE = 16_000
SECONDS = 150
ALARMED = 3
"""Index of the chunk with the alarm: without speech, chunks are cut every 25 s."""


class Command(NamedTuple):
    """One command that Redis executed, and when by its own clock (seconds)."""

    at: float
    words: str


class Watch:
    """Records every Redis command while it is open, with MONITOR."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url, socket_timeout=300
        )  # nothing may be told for a while
        self._end = f"watch-end-{id(self)}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._listening = threading.Event()
        self.commands: list[Command] = []

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.get(self._end)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def first(self, *words: str) -> float:
        """When the first command with all of these words was executed."""
        return next(each.at for each in self.commands if all(word in each.words for word in words))

    def _listen(self) -> None:
        with self._redis.monitor() as monitor:
            self._listening.set()
            for each in monitor.listen():
                if self._end in each["command"]:
                    return
                self.commands.append(Command(each["time"], each["command"]))


def alarmed(path: Path) -> Path:
    """Two and a half minutes of hiss, with a smoke alarm in one chunk."""
    random = np.random.default_rng(4)
    samples = (0.02 * random.standard_normal(SECONDS * RATE)).astype(np.float32)
    at = ALARMED * 25 * RATE
    alarm = sound(random, T3, 3100, 25 * RATE, groups=2)
    samples[at : at + 25 * RATE] = over(samples[at : at + 25 * RATE], alarm, alarm.waveform, 6)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def dispatched(stage: Stack, tmp_path: Path) -> str:
    """The recording, cut and dispatched, without a worker to analyse it."""
    with stage.workers("ingest", "ingest"):
        reply = enqueue(
            stage,
            {"uri": stage.offer(alarmed(tmp_path / "long.wav")), "analyses": ["scene", "noise"]},
        )
    assert reply["state"] == "analyzing"
    return str(reply["recording_id"])


def emergencies(stage: Stack) -> list[tuple[float, dict[str, Any]]]:
    """Each with when it was published, in seconds by the clock of Redis."""
    told = stream.read(Redis.from_url(stage.redis_url), count=10_000)
    return [
        (int(entry.split("-")[0]) / 1000, event)
        for entry, event in told
        if event["type"] == "emergency"
    ]


def staged(stage: Stack, recording_id: str, index: int = ALARMED) -> bool:
    key = ChunkKey(recording_id=UUID(recording_id), index=index)
    return "noise" in staging.get(Redis.from_url(stage.redis_url), [key])[key]


def test_it_is_told_before_the_merge_and_once_whatever_is_done_again(
    stage: Stack, tmp_path: Path
) -> None:
    recording_id = dispatched(stage, tmp_path)
    chunk = str(staging.key(ChunkKey(recording_id=UUID(recording_id), index=ALARMED)))
    with Watch(stage.redis_url) as watch, stage.workers("noise", "noise"):
        waiting.until(lambda: staged(stage, recording_id, SECONDS // 25 - 1), 60, "the last chunk")
    [(published, event)] = emergencies(stage)
    check("event.emergency", event)
    assert (event["recording_id"], event["chunk"], event["pattern"], event["groups"]) == (
        recording_id,
        ALARMED,
        "T3",
        2,
    )
    assert ALARMED * 25_000 <= event["start_ms"] < event["end_ms"] <= (ALARMED + 1) * 25_000
    begun, done = (
        watch.first("EVAL", chunk, "claim:noise"),
        watch.first("HSET", chunk, "outcome:noise"),
    )
    assert begun < published <= done + 0.001  # the stream counts milliseconds
    assert done - begun < 1
    with db.connect(stage.database_url) as connection:
        assert ledger.unmerged(connection) == SECONDS // 25, "nothing is merged yet"
        for late in ledger.on_their_way(connection, 0):
            assert ledger.release(connection, late)
    redis = Redis.from_url(stage.redis_url)
    redis.delete(*redis.keys("chunk:*"))
    assert stage.earshot("repair").returncode == 0
    with stage.workers("noise", "noise"):
        waiting.until(lambda: staged(stage, recording_id), 60, "the same chunk again")
        with stage.workers("rest", "scene", "merge", "finalize"):
            assert stage.wait_finished(recording_id) == "complete"
            again = stage.earshot("rerun", recording_id, "--analysis", "noise")
    assert "FIRE ALARM 1:" in again.stdout
    assert [each for _, each in emergencies(stage)] == [event]
    with db.connect(stage.database_url) as connection:
        rows = connection.execute(
            "SELECT id FROM outbox WHERE body ->> 'type' = 'emergency'"
        ).fetchall()
        recording = recordings.get(connection, UUID(recording_id))
        report = recordings.report(connection, UUID(recording_id))
    assert [str(row["id"]) for row in rows] == [event["id"]]
    assert recording is not None
    assert recording.round == 2
    assert report is not None
    assert [(each["label"], each["start_ms"]) for each in report["emergencies"]] == [
        ("fire_alarm", event["start_ms"])
    ]


def test_it_does_not_wait_for_the_rest_of_its_batch(stage: Stack, tmp_path: Path) -> None:
    stage.settings["CHUNK_BATCH_SIZE"] = "16"
    recording_id = dispatched(stage, tmp_path)
    with Watch(stage.redis_url) as watch, stage.workers("noise", "noise"):
        waiting.until(lambda: staged(stage, recording_id, SECONDS // 25 - 1), 60, "the last chunk")
    [(published, _)] = emergencies(stage)
    chunks = [
        str(staging.key(ChunkKey(recording_id=UUID(recording_id), index=index)))
        for index in range(SECONDS // 25)
    ]
    begun = [watch.first("EVAL", chunk, "claim:noise") for chunk in chunks]
    done = [watch.first("HSET", chunk, "outcome:noise") for chunk in chunks]
    assert published < begun[ALARMED + 1]
    assert all(before < after for before, after in zip(done, begun[1:], strict=False)), (
        "what is done is not done again"
    )


def test_it_is_told_when_postgres_is_back(stage: Stack, tmp_path: Path) -> None:
    recording_id = dispatched(stage, tmp_path)
    postgres.stop(stage.home)
    with stage.workers("noise", "noise") as worker:
        waiting.until(
            lambda: "Postgres does not answer" in worker.log.read_text(),
            60,
            "the try without Postgres",
        )
        assert not staged(stage, recording_id)
        assert emergencies(stage) == []
        postgres.start(stage.home)
        waiting.until(lambda: staged(stage, recording_id), 90, "the next try")
    assert len(emergencies(stage)) == 1
