"""The servers and workers of a batch: the local stack, started where it does not run, or those that
the settings name."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, cast

from cli.batch.log import note
from cli.localstack import plan, postgres, processes, redis, stack, urls
from cli.terminal import endings
from earshot.pools import queues
from earshot.settings import settings
from earshot.storage.redis import client
from earshot.storage.redis.client import lost_connections

Served = Literal["started", "found", "remote"]


@contextmanager
def serving() -> Iterator[Served]:
    """What serves until the end; what was started is stopped then, unless others use it."""
    if settings().redis_url and not urls.are_local():
        yield "remote"
        return
    started = stack.up(note, keep=False)
    note("the local stack is ready" if started else "the local stack runs, as it was started")
    try:
        yield "started" if started else "found"
    finally:
        endings.ignore()
        if stack.release(note):
            note("the local stack is stopped")


def roots(served: Served) -> Mapping[str, int]:
    """Name of each part of the local stack, and of this command, to its process id."""
    found = {"batch": os.getpid()}
    if served == "remote":
        return found
    home = settings().home.resolve()
    for name in (redis.NAME, *plan.NAMES, plan.BEAT):
        process = processes.running(home, name)
        if process is not None:
            found[name] = process.pid
    server = postgres.pid(home)
    return found | ({stack.POSTGRES: server} if server else {})


@lost_connections()
def queue_lengths() -> Mapping[str, int]:
    """Tasks that wait, by queue.

    Raises:
        Unavailable: Redis does not answer.
    """
    names = [*queues()]
    pipeline = client.impatient().pipeline(transaction=False)
    for name in names:
        pipeline.llen(name)
    return dict(zip(names, cast(list[int], pipeline.execute()), strict=True))
