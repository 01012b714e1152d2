"""Keeps a worker to the pauses of pools: at each heartbeat it stops or begins to consume queues.
The first one comes before it takes a job."""

import logging
from typing import Any

from celery.signals import heartbeat_sent, worker_init

from earshot.analysis.errors import Unavailable
from earshot.pools import pools
from earshot.storage.redis import client as redis
from earshot.storage.redis import paused

log = logging.getLogger(__name__)


class _Process:
    """State of the worker's parent."""

    controller: Any = None
    served: frozenset[str] = frozenset()
    """Queues that it consumes while no pool is paused."""


def served() -> frozenset[str]:
    """Queues that this worker consumes while no pool is paused; none before its first
    heartbeat."""
    return _Process.served


@worker_init.connect
def _born(sender: Any, **_: Any) -> None:
    _Process.controller = sender


@heartbeat_sent.connect
def _obey(**_: Any) -> None:
    controller = _Process.controller
    if not _Process.served:
        _Process.served = frozenset(controller.app.amqp.queues.consume_from)
    try:
        stopped = paused.get(redis.impatient())
    except Unavailable as error:  # as it was until the next heartbeat, in two seconds
        log.warning("pauses are not known: %s", error)
        return
    waiting = {queue for pool in stopped for queue in pools().get(pool, ())}
    consumer = getattr(controller, "consumer", None)
    if consumer is None or consumer.task_consumer is None:  # what it will consume is open yet
        controller.app.amqp.queues.deselect(sorted(waiting & _Process.served))
        return
    # Queues of the consumer, not those it consumes: at the first heartbeat it consumes none.
    own = {queue.name for queue in consumer.task_consumer.queues}
    for queue in sorted(_Process.served):
        if queue in waiting and queue in own:
            consumer.cancel_task_queue(queue)
            log.warning("queue %s is paused", queue)
        elif queue not in waiting and queue not in own:
            consumer.add_task_queue(queue)
            log.warning("queue %s is no longer paused", queue)
