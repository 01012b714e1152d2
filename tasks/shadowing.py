"""Releases in shadow: an application of its own on queue ``shadow``. ``earshot worker shadow``
serves it, at the lowest priority of the system and within ``EARSHOT_SHADOW_CPU_SHARE``.

A message names nothing: it lets a worker answer what waits in Postgres. So there are never more
than ``MOST_MESSAGES``, however much waits, and none is missed (ADR 61).
"""

import os
from functools import cache, partial

import celeryconfig
from earshot.analysis.errors import DeviceLost, OutOfTime, Transient
from earshot.pipeline.releasing import answering
from earshot.pipeline.releasing.answering import Analyser, Throttle
from earshot.pools import SHADOW
from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis
from earshot.storage.releases import shadows
from tasks import apart, publisher

MOST_MESSAGES = 16
"""In the queue: enough for as many children at once."""
NICENESS = 19
NEXT = "shadow.next"


def _low_priority() -> None:
    import tasks.process.soft_limit  # noqa: F401  # handlers of a child's signals

    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


app = apart.application(
    "earshot.shadow",
    SHADOW,
    _low_priority,
    task_time_limit=celeryconfig.task_time_limit,
    task_soft_time_limit=celeryconfig.task_soft_time_limit,
)


@cache
def _throttle() -> Throttle:
    """Of this process."""
    return Throttle(settings().shadow_cpu_share)


@app.task(name=NEXT, ignore_result=True)
def answer_next() -> None:
    """Answers for about a minute what waits, and has the rest done by another task."""
    from workers.run import load, run  # numeric libraries: of workers alone

    throttle = _throttle()  # made before the work, which it measures
    # The share is one of CPU time, so nothing is computed on a GPU, where it would mean nothing.
    analyser = Analyser(
        lambda release: load(release.analysis, release, "cpu"),
        partial(run, device="cpu", reraise=(Transient, OutOfTime)),
    )
    try:
        left = answering.answer_next(analyser, throttle)
    except DeviceLost:
        os._exit(1)  # as in ``tasks.analyze``
    if left:
        _send(1)


def refill() -> int:
    """Notes the recordings that were finished since the last call, and sends as many messages as
    workers can use; the number of recordings that wait."""
    with db.pooled() as connection:
        waiting = shadows.sample(connection, settings().shadow_backlog)
    _send(waiting)
    return waiting


def _send(wanted: int) -> None:
    """Adds messages to the queue, up to as many as are wanted."""
    length = int(redis.client().llen(SHADOW))
    for _ in range(min(wanted, MOST_MESSAGES) - length):
        with publisher.refusals():
            answer_next.apply_async()
