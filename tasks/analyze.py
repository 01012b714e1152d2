"""One Celery task per analysis of the registry, all with the same body."""

import os
from functools import partial
from typing import Any

from celery.exceptions import Ignore, Reject

from earshot.analysis.errors import DeviceLost, OutOfTime, Transient
from earshot.analysis.types import Job
from earshot.pipeline.analyze import Deleted, NotStaged, run_job
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage.redis import client as redis
from tasks.app import Stage, app
from tasks.messages import known
from tasks.process import presence
from workers.run import run

DELIVERIES = 200
"""How often Celery may deliver a job whose worker died. Its chunks' deaths are counted and bounded
(``earshot.pipeline.triage``); this ends what dies before it can count."""


def _analyze(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    job = Job.model_validate(payload)
    known.check(redis.client(), job)
    runner = partial(run, device=settings().device, reraise=(Transient, OutOfTime))
    try:
        return run_job(job, runner, presence, self.request.id).model_dump(mode="json")
    except Deleted:
        raise Ignore from None  # no result, no part of a chord, nothing that names the recording
    except NotStaged as error:
        raise Reject(str(error), requeue=True) from None
    except DeviceLost:
        os._exit(1)  # at once, for an orderly end would wait for the GPU


for card in cards():
    app.task(_analyze, bind=True, name=f"analyze.{card.name}", max_retries=DELIVERIES)
