"""One Celery task per analysis of the registry, all with the same body."""

from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from analysis.errors import Transient
from analysis.outcome import Failed, Outcome
from analysis.types import ChunkKey, ChunkRef, Job, Receipt
from settings import settings
from storage import redis, staging
from storage.ledger import Staged
from tasks.app import Stage, app
from workers.registry import cards
from workers.run import run

TRIES = 12
"""Attempts at a job while its surroundings fail, over about six minutes; then its chunks fail and say why."""


def _analyze(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    job = Job.model_validate(payload)
    client = redis.client(settings().redis_url)
    done = staging.present(client, job.analysis, job.release.name, [_key(ref) for ref in job.chunks])
    left = job.model_copy(update={"chunks": tuple(ref for ref in job.chunks if _key(ref) not in done)})
    if left.chunks:
        outcomes = zip(left.chunks, _outcomes(self, left), strict=True)
        staged = {_key(ref): Staged(release=job.release.name, outcome=outcome) for ref, outcome in outcomes}
        staging.put(client, job.analysis, staged, settings().outcome_ttl_sec)
    return Receipt(batch_id=job.batch_id, analysis=job.analysis).model_dump(mode="json")


def _outcomes(task: Stage, job: Job) -> list[Outcome]:
    """The job's outcomes. A header task never raises on its last attempt, or its chord would wait for ever."""
    try:
        return run(job, settings().device, reraise=(Transient, SoftTimeLimitExceeded))
    except SoftTimeLimitExceeded:
        detail = f"not done within {settings().task_soft_limit_sec:.0f} s"
        return [Failed(code="timeout", detail=detail)] * len(job.chunks)
    except Transient as error:
        if task.request.retries < TRIES:
            raise
        return [Failed(code=error.code, detail=str(error))] * len(job.chunks)


def _key(ref: ChunkRef) -> ChunkKey:
    return ChunkKey(recording_id=ref.recording_id, index=ref.index)


for card in cards():
    app.task(_analyze, bind=True, name=f"analyze.{card.name}")
