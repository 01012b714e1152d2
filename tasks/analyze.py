"""One Celery task per analysis of the registry, all with the same body: claim, analyse, stage."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from redis import Redis

from earshot.analysis.errors import DeviceLost, Transient, Unavailable
from earshot.analysis.outcome import Failed, Outcome
from earshot.analysis.types import ChunkKey, ChunkRef, Job, Receipt
from earshot.registry import analyses, cards
from earshot.settings import settings
from earshot.storage import staging
from earshot.storage.postgres.dead_letters import WORKER_LOST
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import claims, deleted, tries, waits
from earshot.storage.redis import client as redis
from tasks import emergency, triage
from tasks.app import PAUSE_MAX_SEC, Stage, app, step_sec
from tasks.messages import known
from tasks.process.presence import claim
from tasks.triage import Open
from workers.run import DEVICE_MEMORY, run

log = logging.getLogger(__name__)

TRIES = 12
"""Attempts at a job whose chunks have no room in memory, over about six minutes: it may be others
who fill it, or the chunk."""
STAGE_AGAIN_SEC = 2.0
DELIVERIES = 200
"""How often Celery may deliver a job whose worker died. Its chunks' deaths are counted and bounded
(``tasks.triage``); this ends what dies before it can count."""
WHOLE_LIMIT = 0.9
"""Share of the time limit that one chunk must have had to itself before running out of time is its
own fault."""


def _analyze(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    job = Job.model_validate(payload)
    client = redis.client()
    known.check(client, job)
    waits.started(client, job.analysis, job.sent_at)
    if deleted.among(client, {ref.recording_id for ref in job.chunks}):
        _drop(job)
    found = triage.sort(client, job)
    _stage(client, job, {each.ref.key: _died(each) for each in found.dead})
    busy = len(found.busy)
    try:
        for group in found.groups(urgent=analyses()[job.analysis].urgent):
            busy += _work(self, client, job, group)
    except SoftTimeLimitExceeded:
        raise Transient(
            "timeout", "the job ran out of time; what is left of it goes on in a new one"
        ) from None
    if busy:
        raise Transient(
            "busy",
            f"{busy} chunks of this job are worked on elsewhere, or by a worker not known to be"
            " dead",
        )
    recordings = tuple(sorted({ref.recording_id for ref in job.chunks}))
    return Receipt(batch_id=job.batch_id, analysis=job.analysis, recordings=recordings).model_dump(
        mode="json"
    )


def _work(task: Stage, client: Redis, job: Job, group: Sequence[Open]) -> int:
    """Returns how many of the group somebody else has claimed since the job was sorted."""
    with _claimed(client, job, group) as refs:
        if not refs:
            return len(group)
        said = _said(task, client, job, refs)
        unfit = [
            ref
            for ref, each in said.items()
            if isinstance(each, Failed) and each.code == DEVICE_MEMORY
        ]
        again = (
            unfit if unfit and _may_fit(task) else []
        )  # there may be room when another process is done
        done = {
            ref.key: Staged(release=job.release.name, outcome=each)
            for ref, each in said.items()
            if ref not in again
        }
        _stage(client, job, done)
        if again:
            raise Transient(DEVICE_MEMORY, f"no memory for {len(again)} chunks of this job")
        return len(group) - len(refs)


def _said(
    task: Stage, client: Redis, job: Job, refs: Sequence[ChunkRef]
) -> dict[ChunkRef, Outcome]:
    """The outcomes; what they hold of emergencies has left."""
    card = analyses()[job.analysis]
    said = dict(
        zip(refs, _outcomes(task, job.model_copy(update={"chunks": tuple(refs)})), strict=True)
    )
    if card.urgent:
        emergency.tell(client, job.analysis, said)
    return said


def _may_fit(task: Stage) -> bool:
    """Whether a want of memory, now counted once more, is a reason to try again."""
    return tries.another(redis.client(), task.request.id) < TRIES


def _has_time(task: Stage) -> bool:
    """Whether the task may go on waiting for its surroundings."""
    return tries.waited(redis.client(), task.request.id, step_sec()) < settings().wait_sec


@contextmanager
def _claimed(client: Redis, job: Job, group: Sequence[Open]) -> Iterator[list[ChunkRef]]:
    """Claims what nobody was faster with. The claims end with the staging of the outcomes; when
    that fails, they are given back, and when several chunks ran out of time together, blamed, so
    that each is tried alone."""
    mine, ttl = claim(), settings().outcome_ttl_sec
    refs: list[ChunkRef] = []
    try:
        for each in group:
            if claims.take(
                client, each.ref.key, job.analysis, each.standing, mine, ttl, died=each.died
            ):
                refs.append(each.ref)
        yield refs
    except (Transient, SoftTimeLimitExceeded) as error:
        if isinstance(error, Transient):
            until = time.time() + PAUSE_MAX_SEC + settings().worker_lost_sec
            wait = claims.Wait(code=error.code, detail=str(error), until=until)
            claims.put_off(client, [ref.key for ref in refs], job.analysis, wait, ttl)
        blame = isinstance(error, SoftTimeLimitExceeded) and len(refs) > 1
        for ref in refs:
            claims.release(client, ref.key, job.analysis, mine, ttl, blame=blame)
        raise
    except DeviceLost as error:
        # At work it is a death like any other: what this child held is counted and tried alone in
        # fresh ones (``tasks.triage``). Before, it is nobody's fault, and whoever has a GPU may
        # take the job.
        if error.code == "device_absent":
            for ref in refs:
                claims.release(client, ref.key, job.analysis, mine, ttl, blame=False)
        log.critical("%s of %d chunks ended this process: %s", job.analysis, len(refs), error)
        os._exit(1)  # at once, for an orderly end would wait for the GPU


def _outcomes(task: Stage, job: Job) -> list[Outcome]:
    """The outcomes of some chunks of a job. A header task never raises on its last attempt, or its
    chord would wait for ever."""
    began = time.monotonic()
    try:
        return run(job, settings().device, reraise=(Transient, SoftTimeLimitExceeded))
    except SoftTimeLimitExceeded:
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
        if _has_time(task):
            raise
        detail = f"{error}; it was waited for during {settings().wait_days:g} days"
        return [Failed(code=error.code, detail=detail)] * len(job.chunks)


def _died(found: Open) -> Staged:
    times = found.deaths
    detail = f"{times} workers ended while they analysed it, the last was {found.victim}"
    return Staged(
        release=found.release, outcome=Failed(code=WORKER_LOST, detail=detail), worker=found.victim
    )


def _stage(client: Redis, job: Job, outcomes: dict[ChunkKey, Staged]) -> None:
    """What is computed waits here for a Redis that takes it, and goes back to the queue undone only
    when the time is up."""
    try:
        while outcomes:
            try:
                staged = staging.put(client, job.analysis, outcomes, settings().outcome_ttl_sec)
            except Unavailable as error:
                log.warning("%d outcomes of %s wait: %s", len(outcomes), job.analysis, error)
                time.sleep(STAGE_AGAIN_SEC)
            else:
                return None if staged else _drop(job)
    except SoftTimeLimitExceeded:
        raise Reject("Redis took no outcomes", requeue=True) from None


def _drop(job: Job) -> NoReturn:
    """Ends a job about a recording that was deleted: no result, no part of a chord, nothing that
    names it."""
    log.warning(
        "%s: deleted: nothing is done about %d chunks of a recording that was deleted",
        job.analysis,
        len(job.chunks),
    )
    raise Ignore


for card in cards():
    app.task(_analyze, bind=True, name=f"analyze.{card.name}", max_retries=DELIVERIES)
