"""Periodic tasks (beat)."""

import logging
import sys

from earshot.pipeline.cleanup import Tidied, tidy
from earshot.pipeline.intake.scan import scan
from earshot.pipeline.releasing import drifting
from earshot.pipeline.repair import Repaired, repair
from earshot.pipeline.rules import backfill
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis
from earshot.storage.redis import upkeep_runs
from tasks import publisher
from tasks.app import Stage, app
from tasks.process.presence import claim

log = logging.getLogger(__name__)

SCAN_AGAIN_SEC = 30
"""Time until a scan that stopped for lack of capacity, or for its length, continues."""


@app.task(name="upkeep.reconcile", ignore_result=True)
def reconcile() -> None:
    """One pass over all late work."""
    repaired = repair(publisher, claim().worker)
    if repaired != Repaired():
        log.warning(
            "repaired: %s",
            ", ".join(f"{name} {count}" for name, count in repaired.model_dump().items() if count),
        )
    with db.pooled() as connection:
        backfill.proceed(connection)
    from tasks import retraining, shadowing  # applications of their own, for their workers

    upkeep_runs.note(redis.client(), "reconcile")  # no recording depends on what follows
    resumed = retraining.resume()
    if resumed:
        log.warning("%d trainings of lost workers are sent again", resumed)
    shadowing.refill()


@app.task(name="upkeep.tidy", ignore_result=True)
def tidy_up() -> None:
    """One bounded pass over data to be deleted: requested, expired, or left behind."""
    tidied = tidy()
    if tidied != Tidied():
        log.warning(
            "tidied: %s",
            ", ".join(f"{name} {count}" for name, count in tidied.model_dump().items() if count),
        )
    upkeep_runs.note(redis.client(), "tidy")
    with db.pooled() as connection:
        drifted = drifting.daily(connection, redis.client())
    if drifted:
        log.warning("%d figures of releases drift; `earshot drift` shows them", drifted)
    if settings().retrain_after:
        from tasks import retraining

        for run in retraining.on_labels():
            log.warning(
                "a training of %s on corrections is asked for%s: %s",
                run.model,
                ", for the last time unless a worker begins it" if run.last else "",
                run.run_id,
            )


@app.task(name="upkeep.relay", ignore_result=True)
def relay() -> None:
    """Publishes events whose first relay did not happen."""
    with db.pooled() as connection:
        outbox.relay(connection, redis.client())
    upkeep_runs.note(redis.client(), "relay")


@app.task(name="upkeep.scan", bind=True, ignore_result=True)
def scan_folder(self: Stage, after: str = "") -> None:
    """Submits the files of the folder of input, pass by pass."""
    scanned = scan(publisher, after)
    log.warning(
        "scan: %d submitted, %d known, %d refused",
        scanned.submitted,
        scanned.known,
        scanned.refused,
    )
    if scanned.after:
        raise self.retry(args=(scanned.after,), countdown=SCAN_AGAIN_SEC, max_retries=sys.maxsize)
