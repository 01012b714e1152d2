"""Answers recordings for releases in shadow, within a share of the CPU.

Nothing here writes to what a recording's own analyses use: answers go to a table of their own, and
alarms and events are not published.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

from earshot.analysis.errors import DeviceLost, OutOfTime, Transient, one_line
from earshot.analysis.outcome import Failed, Outcome
from earshot.analysis.types import Job, Release
from earshot.pipeline.dispatch import reference
from earshot.pipeline.releases import gate_release
from earshot.pipeline.releasing import promotion, shadowing
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage.postgres import db, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.dead_letters import WORKER_LOST
from earshot.storage.postgres.recordings import Recording
from earshot.storage.postgres.releases import Change
from earshot.storage.releases import registered, shadows
from earshot.storage.releases.registered import Registered
from earshot.storage.releases.shadows import Taken

log = logging.getLogger(__name__)

SLICE_SEC = 60.0
"""Time after which a worker returns a recording, so that a task stays short; the next one continues
it, since none has waited longer."""
STOPPED_BY = "shadow worker"
CHANGED, NO_SOUND = "changed", "no_sound"
"""Codes of recordings that are dropped: analysed again or deleted meanwhile, or without their
sound."""


class Analyser(NamedTuple):
    """How a release answers."""

    load: Callable[[Release], object]
    """Before it is measured. Raises any exception if the release cannot be loaded."""
    run: Callable[[Job], list[Outcome]]
    """As of ``earshot.pipeline.analyze``."""


class Throttle:
    """Keeps the work of this process within a share of the elapsed time: what it has used more is
    rested afterwards. Time without work is no credit."""

    def __init__(
        self,
        share: float,
        used: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Args:
        share: of one core, above 0, at most 1.
        used: seconds of work so far; default: CPU time of all threads of this process.
        """
        self._share, self._used, self._clock, self._sleep = share, used, clock, sleep
        self._owed = 0.0
        self._mark()

    def rest(self, most_sec: float) -> bool:
        """Sleeps for what is owed since the last call, for ``most_sec`` at most; True if nothing is
        owed any more."""
        used = self._used() - self._used_before
        self._owed += used / self._share - (self._clock() - self._clock_before)
        pause = min(max(self._owed, 0.0), max(most_sec, 0.0))
        if pause:
            self._sleep(pause)
        self._owed = max(self._owed - pause, 0.0)
        self._mark()
        return self._owed <= 0

    def _mark(self) -> None:
        self._used_before, self._clock_before = self._used(), self._clock()


def answer_next(analyser: Analyser, throttle: Throttle) -> bool:
    """Answers the recording that has waited longest, for ``SLICE_SEC``; True if more is left.

    Raises:
        Transient: the store or Postgres is unavailable; the recording waits again.
        DeviceLost: this process must end; after several the recording is given up.
    """
    ends = time.monotonic() + SLICE_SEC
    if throttle.rest(SLICE_SEC):
        work = _Work(analyser, throttle, ends)
        while time.monotonic() < ends and work.one():
            pass
    with db.pooled() as connection:
        return shadows.waiting(connection) > 0


class _Work:
    """One slice."""

    def __init__(self, analyser: Analyser, throttle: Throttle, ends: float) -> None:
        self._analyser, self._throttle, self._ends = analyser, throttle, ends
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._lease_sec = float(settings().task_time_limit_sec)

    def one(self) -> bool:
        """Continues one recording; False if none waits."""
        with db.pooled() as connection:
            taken = shadows.take(connection, self._me, self._lease_sec)
        if taken is None:
            return False
        try:
            self._answered(taken)
        except (Transient, OutOfTime):
            with db.pooled() as connection:
                shadows.put_back(connection, taken, self._me)
            raise
        return True

    def _answered(self, taken: Taken) -> None:
        with db.pooled() as connection:
            row = registered.find(connection, taken.release, taken.analysis)
            recording = recordings.get(connection, taken.recording_id)
            refused = _refused(taken, recording)
            if recording is None or refused is not None:
                state: shadows.End = "failed" if refused == WORKER_LOST else "dropped"
                shadows.finish(connection, taken, self._me, state, refused)
                _end_if_deadly(connection, row)
                return
            if not self._opened(connection, row):
                return
            waiting = shadows.unanswered(connection, taken)
        if all(self._chunk(taken, row.release, recording, chunk) for chunk in waiting):
            with db.pooled() as connection:
                shadows.finish(connection, taken, self._me, "done")

    def _opened(self, connection: Connection, row: Registered) -> bool:
        """True if a release is loaded, from files as they were registered; else its shadow is ended
        with the reason."""
        try:
            promotion.check(row, settings())
            self._analyser.load(row.release)
        except (Transient, OutOfTime, DeviceLost):
            raise
        except Exception as error:  # any library's, of a checkpoint that no worker can open
            log.exception("%s cannot be opened", row.release.name)
            _end(connection, row, one_line(error))
            return False
        return True

    def _chunk(
        self, taken: Taken, release: Release, recording: Recording, chunk: dict[str, Any]
    ) -> bool:
        """Answers a chunk; False if the recording must not, or cannot now, be continued."""
        card = analyses()[taken.analysis]
        job = Job(
            analysis=taken.analysis,
            batch_id=uuid4(),
            release=release,
            chunks=(reference(recording, card.sample_rate, chunk),),
            gate=gate_release() if card.speech_only else None,
            sent_at=time.time(),
        )
        began, wall = time.process_time(), time.monotonic()
        [outcome] = self._outcomes(job, wall)
        cpu_ms = 1000 * (time.process_time() - began)
        with db.pooled() as connection:
            if not shadows.put(
                connection, taken, self._me, chunk, outcome, cpu_ms, self._lease_sec
            ):
                shadows.finish(connection, taken, self._me, "dropped", CHANGED)
                return False
        left = self._ends - time.monotonic()
        if self._throttle.rest(left) and left > 0:
            return True
        with db.pooled() as connection:
            shadows.put_back(connection, taken, self._me)
        return False

    def _outcomes(self, job: Job, began: float) -> list[Outcome]:
        """Of a chunk that takes a whole task, the failure."""
        try:
            return self._analyser.run(job)
        except OutOfTime:
            if time.monotonic() - began < settings().task_soft_limit_sec / 2:
                raise
            detail = f"not done within {settings().task_soft_limit_sec:.0f} s"
            return [Failed(code="timeout", detail=detail)]


def _end_if_deadly(connection: Connection, row: Registered) -> None:
    """Ends the shadow of a release whose workers were lost with several recordings."""
    counts = shadows.counts(connection, row.release)
    lost = sum(number for _, code, number in counts if code == WORKER_LOST)
    if lost >= settings().max_attempts:
        _end(connection, row, f"its workers were lost with {lost} recordings")


def _end(connection: Connection, row: Registered, why: str) -> None:
    log.error("%s is no longer in shadow: %s", row.release.name, why)
    shadowing.end(connection, row, Change(by=STOPPED_BY, why=why))


def _refused(taken: Taken, recording: Recording | None) -> str | None:
    """Why a recording is not begun; None if it is."""
    if taken.attempts > settings().max_attempts:
        return WORKER_LOST
    if recording is None or recording.round != taken.round:
        return CHANGED
    return None if analyses()[taken.analysis].sample_rate in recording.audio else NO_SOUND
