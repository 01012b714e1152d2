"""How much sound a second a GPU pool hears: real servers, ingest and merge, one worker of the pool
with one child, and recordings that make full jobs.

All jobs wait in Redis before the pool's worker starts, so that it never waits for ingest; what
loading costs falls on the jobs of the first recording, which are left out. The clock is the
worker's own log: from the end of the last job that is left out to the end of the last one, all that
happens between jobs included.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psutil

from cli.localstack import processes
from earshot.analysis.types import WHOLE, ChunkRef, Release
from earshot.pipeline.dispatch import reference
from earshot.pools import STAGES
from earshot.registry import analyses
from earshot.storage.postgres import db, recordings, releases
from tests.integration.enqueue import enqueue
from tests.pool_sound import Sound
from tests.servers import Stack

FULL = 16
"""Chunks in a full job, and in each recording."""
FINDINGS = "SELECT status, count(*) AS n FROM finding WHERE recording_id = ANY(%s) GROUP BY status"
CHUNKS = (
    "SELECT index, round, start_ms, end_ms, speech FROM chunk WHERE recording_id = %s ORDER BY"
    " index"
)
ENDED = re.compile(r"^(\S+ \S+) .*Task analyze\.\w+\[\S+\] succeeded in ([\d.e-]+)s", re.MULTILINE)
"""What Celery's worker writes about each job: when it ended, and the seconds that its child
took."""


@dataclass(frozen=True)
class Heard:
    """What a warm pool did."""

    sound_sec: float
    """Length of the chunks of all jobs that count."""
    wall_sec: float
    """For all of it, jobs and what lies between them."""
    in_jobs_sec: float
    """Of that, within the task, in the worker's child."""
    jobs: int
    first: tuple[ChunkRef, ...]
    """What the first job carried."""

    @property
    def rate(self) -> float:
        """Seconds of sound in a second."""
        return self.sound_sec / self.wall_sec

    @property
    def in_jobs(self) -> float:
        """The same within jobs alone."""
        return self.sound_sec / self.in_jobs_sec


@dataclass(frozen=True)
class Front:
    """Servers, ingest and merge, which make jobs of ``batch`` chunks."""

    stack: Stack
    sound: Sound
    batch: int


@contextmanager
def front(stack: Stack, sound: Sound, device: str, batch: int) -> Iterator[Front]:
    """Started on a stack that has no workers yet; a catalog of one's own is named by the
    environment."""
    stack.settings |= {"DEVICE": device, "CHUNK_BATCH_SIZE": str(batch), **sound.settings()}
    with stack.workers(f"core-{batch}", *STAGES, concurrency=2):
        yield Front(stack, sound, batch)


@dataclass(frozen=True)
class Pool:
    """A release, and the pool that answers with it."""

    front: Front
    release: Release

    def hear(self, count: int, chunks: int = FULL) -> Heard:
        """``count`` recordings of ``chunks`` chunks, and one before them that is left out.

        Raises:
            AssertionError: a recording is not complete, or a chunk did not succeed.
        """
        self._activate()
        ids = [self._hand_in(chunks) for _ in range(count + 1)]
        with self._worker():
            self._finish(ids)
        return _heard(self._ended(), [self.references(each) for each in ids], self.front.batch)

    def held_after(self, warm: int, chunks: int, held: Callable[[int], int]) -> tuple[int, int]:
        """What the pool's child, idle, holds after ``warm`` chunks, and after ``chunks`` more.

        Args:
            held: process id of the child to bytes.
        """
        self._activate()
        found = []
        with self._worker() as worker:
            for wanted in (warm, chunks):
                self._finish([self._hand_in(wanted)])
                (child,) = psutil.Process(worker.pid).children()
                found.append(held(child.pid))
        assert len(self._ended()) * self.front.batch >= warm + chunks
        return found[0], found[1]

    @property
    def stack(self) -> Stack:
        return self.front.stack

    @property
    def _name(self) -> str:
        return f"{self.release.name}-{self.front.batch}"

    def _activate(self) -> None:
        with db.connect(self.stack.database_url) as connection:
            releases.activate(connection, self.release, releases.by_command("throughput"))

    def _worker(self) -> AbstractContextManager[processes.Process]:
        """With one child, as a GPU has one."""
        processes.log_file(self.stack.home, self._name).unlink(missing_ok=True)
        return self.stack.workers(self._name, self.release.analysis, concurrency=1)

    def _hand_in(self, chunks: int) -> UUID:
        """Returns when all its jobs wait in Redis, or are done."""
        path = self.stack.home / f"{chunks}-chunks-of-{self.front.sound.chunk_sec:.0f}-s.wav"
        uri = self.stack.offer(path if path.exists() else self.front.sound.write(path, chunks))
        request = {"uri": uri, "analyses": [self.release.analysis], "language": "en", "force": True}
        reply = enqueue(self.stack, request)
        assert reply["error"] is None, reply
        return UUID(reply["recording_id"])

    def _finish(self, ids: Sequence[UUID]) -> None:
        states = {str(each): self.stack.wait_finished(str(each)) for each in ids}
        assert set(states.values()) == {"complete"}, states
        chunks = sum(len(self.references(each)) for each in ids)
        with db.connect(self.stack.database_url) as connection:
            said = Counter(
                {
                    row["status"]: row["n"]
                    for row in connection.execute(FINDINGS.encode(), (list(ids),)).fetchall()
                }
            )
        assert said == {"succeeded": chunks}, said

    def references(self, recording_id: UUID) -> list[ChunkRef]:
        """What the pool's jobs carried of a recording, in order."""
        card = analyses()[self.release.analysis]
        with db.connect(self.stack.database_url) as connection:
            recording = recordings.get(connection, recording_id)
            rows = connection.execute(CHUNKS.encode(), (recording_id,)).fetchall()
        assert recording is not None
        whole = card.scope == "recording"
        return [
            reference(recording, card.sample_rate, row)
            for row in rows
            if (row["index"] == WHOLE) == whole
        ]

    def _ended(self) -> list[tuple[float, float]]:
        """Of each job in order: when it ended, and how long its child took; seconds."""
        log = processes.log_file(self.stack.home, self._name).read_text(encoding="utf-8")
        return [
            (datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f").timestamp(), float(took))
            for at, took in ENDED.findall(log)
        ]


def _heard(
    ended: Sequence[tuple[float, float]], references: Sequence[Sequence[ChunkRef]], batch: int
) -> Heard:
    jobs = [math.ceil(len(each) / batch) for each in references]
    assert len(ended) == sum(jobs), (len(ended), jobs)
    left_out = jobs[0]
    return Heard(
        sound_sec=sum(ref.end_ms - ref.start_ms for each in references[1:] for ref in each) / 1000,
        wall_sec=ended[-1][0] - ended[left_out - 1][0],
        in_jobs_sec=sum(took for _, took in ended[left_out:]),
        jobs=len(ended) - left_out,
        first=tuple(references[0][:batch]),
    )
