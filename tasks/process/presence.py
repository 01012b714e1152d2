"""Connects a worker's life cycle to ``earshot.storage.redis.presence``: a heartbeat at Celery's, a
sign-off at an orderly end."""

import logging
import os
import time
from typing import Any
from uuid import uuid4

from celery.signals import heartbeat_sent, worker_init, worker_shutting_down
from celery.worker.state import active_requests

from earshot.analysis.errors import Unavailable
from earshot.analysis.wall_clock import WallClock
from earshot.settings import settings
from earshot.storage.redis import client as redis
from earshot.storage.redis import presence
from earshot.storage.redis.claims import Claim
from earshot.storage.redis.presence import Worker
from tasks.process import pausing

log = logging.getLogger(__name__)


class _Process:
    """State of the parent; its children inherit it."""

    incarnation = ""
    node = ""
    controller: Any = None
    worker: Worker | None = None
    """At the latest heartbeat."""
    leaving = False
    clock = WallClock()
    clock_was_set = False
    """Since the last heartbeat."""


@worker_init.connect
def _born(sender: Any, **_: Any) -> None:
    _Process.incarnation, _Process.node = uuid4().hex, str(sender.hostname)
    _Process.controller = sender


@heartbeat_sent.connect
def _heartbeat(**_: Any) -> None:
    if _Process.controller.pool is not None and not _Process.leaving:
        _Process.worker = _me()
        _say(_Process.worker, settings().worker_lost_sec)


@worker_shutting_down.connect  # after a soft shutdown's wait: unfinished work is returned now
def _goodbye(**_: Any) -> None:
    _Process.leaving = True
    if _Process.worker is not None:  # the pool is gone by now
        _say(_Process.worker.model_copy(update={"left": True}), settings().outcome_ttl_sec)


def claim() -> Claim:
    """The identity with which this child signs its claims."""
    return Claim(
        worker=_Process.incarnation, node=_Process.node, pid=os.getpid(), since=time.time()
    )


def _me() -> Worker:
    controller, now = _Process.controller, time.time()
    return Worker(
        incarnation=_Process.incarnation,
        node=_Process.node,
        queues=tuple(sorted(pausing.served() or controller.app.amqp.queues.consume_from)),
        children=tuple(controller.pool.info["processes"]),
        busy={request.worker_pid: request.time_start for request in active_requests},
        since=now,
        seen=now,
    )


def _say(me: Worker, ttl_sec: float) -> None:
    _Process.clock_was_set |= _Process.clock.was_set()
    try:
        presence.announce(redis.impatient(), me, ttl_sec, anew=_Process.clock_was_set)
        _Process.clock_was_set = False
    # Celery's own loop must not wait for Redis here; the next heartbeat comes in two seconds
    except Unavailable as error:
        log.warning("%s sent no heartbeat: %s", me.node, error)
