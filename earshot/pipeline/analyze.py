"""Runs one job: claims its chunks, analyses them, stages the outcomes."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

from redis import Redis

from earshot.analysis.errors import DeviceLost, OutOfTime, Transient, Unavailable
from earshot.analysis.outcome import DEVICE_MEMORY, Failed, Outcome
from earshot.analysis.types import ChunkKey, ChunkRef, Job, Receipt
from earshot.pipeline import emergencies, triage
from earshot.pipeline.ports import Claimant
from earshot.pipeline.retries import PAUSE_MAX_SEC, step_sec
from earshot.pipeline.topics import spending
from earshot.pipeline.triage import Open
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage import staging
from earshot.storage.postgres.dead_letters import WORKER_LOST
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import claims, deleted, tries, waits
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)

TRIES = 12
"""Attempts at a job whose chunks do not fit into device memory, over about six minutes: another
process may be using the memory, or the chunk may be too large."""
STAGE_AGAIN_SEC = 2.0
"""Pause before staging is retried while Redis is unavailable."""
WHOLE_LIMIT = 0.9
"""Share of the time limit that a single chunk must have used before it fails with ``timeout``."""

Run = Callable[[Job], list[Outcome]]
"""Analyses a job and returns one outcome per chunk, in order. Raises ``Transient`` and
``OutOfTime``, which the chunks did not cause, and ``DeviceLost``."""


class _Work(NamedTuple):
    job: Job
    run: Run
    claimant: Claimant
    task_id: str


class Deleted(Exception):
    """A recording of the job was deleted: the job ends without a result."""


class NotStaged(Exception):
    """Redis accepted no outcomes within the time limit; the job belongs back in its queue."""


def run_job(job: Job, run: Run, claimant: Claimant, task_id: str) -> Receipt:
    """Claims the unfinished chunks of the job, analyses them, publishes their alarms and stages
    their outcomes.

    Args:
        task_id: identical for all deliveries and retries of the job.

    Raises:
        Transient: retry the rest of the job.
        Deleted, NotStaged: see the classes.
        DeviceLost: this process must exit now, without waiting for its GPU.
    """
    work = _Work(job, run, claimant, task_id)
    client = redis.client()
    waits.started(client, job.analysis, job.sent_at)
    if deleted.among(client, {ref.recording_id for ref in job.chunks}):
        _drop(job)
    found = triage.sort(client, job, claimant.claim())
    _stage(client, job, {each.ref.key: _died(each) for each in found.dead})
    busy = len(found.busy)
    try:
        for group in found.groups(urgent=analyses()[job.analysis].urgent):
            busy += _analyze(work, client, group)
    except OutOfTime:
        raise Transient(
            "timeout", "the job ran out of time; a new job continues with the rest"
        ) from None
    if busy:
        raise Transient(
            "busy",
            f"{busy} chunks of this job are claimed by processes that are not known to be dead",
        )
    recordings = tuple(sorted({ref.recording_id for ref in job.chunks}))
    return Receipt(batch_id=job.batch_id, analysis=job.analysis, recordings=recordings)


def _analyze(work: _Work, client: Redis, group: Sequence[Open]) -> int:
    """Returns the number of chunks claimed by other processes since the job was sorted."""
    job = work.job
    with _claimed(client, work, group) as refs:
        if not refs:
            return len(group)
        outcomes = _run(work, client, refs)
        unfit = [
            ref
            for ref, each in outcomes.items()
            if isinstance(each, Failed) and each.code == DEVICE_MEMORY
        ]
        # Another process may release memory, so a chunk that does not fit is retried.
        again = unfit if unfit and _may_fit(client, work) else []
        done = {
            ref.key: Staged(release=job.release.name, outcome=each)
            for ref, each in outcomes.items()
            if ref not in again
        }
        _stage(client, job, done)
        if again:
            raise Transient(DEVICE_MEMORY, f"no memory for {len(again)} chunks of this job")
        return len(group) - len(refs)


def _run(work: _Work, client: Redis, refs: Sequence[ChunkRef]) -> dict[ChunkRef, Outcome]:
    """Analyses claimed chunks, publishes their alarms and returns their outcomes."""
    asked = work.job.model_copy(update={"chunks": tuple(refs)})
    found: list[Outcome] = []
    with spending.limited(client, asked, found) as job:
        found += _outcomes(work, client, job)
    outcomes = dict(zip(refs, found, strict=True))
    emergencies.publish(client, outcomes)
    return outcomes


def _may_fit(client: Redis, work: _Work) -> bool:
    """Counts a retry for lack of memory; True while retries are left."""
    return tries.another(client, work.task_id) < TRIES


def _has_time(client: Redis, work: _Work) -> bool:
    """True while the job may keep waiting for an unavailable dependency."""
    return tries.waited(client, work.task_id, step_sec()) < settings().wait_sec


@contextmanager
def _claimed(client: Redis, work: _Work, group: Sequence[Open]) -> Iterator[list[ChunkRef]]:
    """Claims the chunks of the group that are still unclaimed. Staging an outcome ends its claim.
    On an error the claims are released; if several chunks ran out of time together, each is marked
    as suspect, so that it is retried alone."""
    job, mine, ttl = work.job, work.claimant.claim(), settings().outcome_ttl_sec
    refs: list[ChunkRef] = []
    try:
        for each in group:
            if claims.take(
                client, each.ref.key, job.analysis, each.standing, mine, ttl, died=each.died
            ):
                refs.append(each.ref)
        yield refs
    except (Transient, OutOfTime) as error:
        if isinstance(error, Transient):
            until = time.time() + PAUSE_MAX_SEC + settings().worker_lost_sec
            wait = claims.Wait(code=error.code, detail=str(error), until=until)
            claims.put_off(client, [ref.key for ref in refs], job.analysis, wait, ttl)
        blame = isinstance(error, OutOfTime) and len(refs) > 1
        for ref in refs:
            claims.release(client, ref.key, job.analysis, mine, ttl, blame=blame)
        raise
    except DeviceLost as error:
        # A device lost during the analysis counts as a death of the worker: the claims stay, and
        # the chunks are retried alone in new processes (``earshot.pipeline.triage``). A device that
        # was absent from the start is not caused by the chunks: any process with a GPU may take
        # the job.
        if error.code == "device_absent":
            for ref in refs:
                claims.release(client, ref.key, job.analysis, mine, ttl, blame=False)
        log.critical("%s of %d chunks ended this process: %s", job.analysis, len(refs), error)
        raise


def _outcomes(work: _Work, client: Redis, job: Job) -> list[Outcome]:
    """Analyses the job. On the last attempt an error becomes an outcome: a header task that raises
    would leave its chord waiting forever."""
    began = time.monotonic()
    try:
        return work.run(job)
    except OutOfTime:
        limit = settings().task_soft_limit_sec
        if len(job.chunks) > 1 or time.monotonic() - began < WHOLE_LIMIT * limit:
            raise
        return [
            Failed(
                code="timeout",
                detail=f"not done within {limit:.0f} s; {settings().task_limit_advice}",
            )
        ]
    except Transient as error:
        if _has_time(client, work):
            raise
        detail = f"{error}; gave up after {settings().wait_days:g} days"
        return [Failed(code=error.code, detail=detail)] * len(job.chunks)


def _died(found: Open) -> Staged:
    times = found.deaths
    detail = f"{times} workers ended while they analysed it, the last was {found.victim}"
    return Staged(
        release=found.release, outcome=Failed(code=WORKER_LOST, detail=detail), worker=found.victim
    )


def _stage(client: Redis, job: Job, outcomes: dict[ChunkKey, Staged]) -> None:
    """Stages outcomes, and waits for Redis while it is unavailable: the job returns to its queue
    only when its time limit is over."""
    try:
        while outcomes:
            try:
                staged = staging.put(client, job.analysis, outcomes, settings().outcome_ttl_sec)
            except Unavailable as error:
                log.warning("%d outcomes of %s wait: %s", len(outcomes), job.analysis, error)
                time.sleep(STAGE_AGAIN_SEC)
            else:
                return None if staged else _drop(job)
    except OutOfTime:
        raise NotStaged("Redis accepted no outcomes") from None


def _drop(job: Job) -> NoReturn:
    """Ends the job of a deleted recording, without a result or a chord part that would name it."""
    log.warning(
        "%s: dropped %d chunks of a deleted recording",
        job.analysis,
        len(job.chunks),
    )
    raise Deleted
