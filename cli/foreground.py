"""Replaces this process by one of Celery's, so that it receives the terminal's signals itself."""

import os

from earshot.analysis.errors import Misconfigured
from earshot.settings import settings
from tasks.app import worker_argv
from tasks.process.environment import process_env


def become_worker(pools: tuple[str, ...], concurrency: int) -> None:
    """Replaces this process by a worker for these pools, which checks its set-up itself
    (``tasks.process.boot``). Never returns.

    Raises:
        Misconfigured: no such pool, or no Redis to work for.
    """
    # The process id, which the worker keeps, distinguishes two workers of a pool on one machine.
    argv = worker_argv(pools, concurrency, f"{'-'.join(pools)}-{os.getpid()}")
    become(argv)


def become(argv: list[str]) -> None:
    """Replaces this process. Never returns.

    Raises:
        Misconfigured: ``redis_url``, there is no Redis to work for.
    """
    if not settings().redis_url:
        raise Misconfigured(
            "redis_url", "no Redis to work for: run `earshot up`, or set EARSHOT_REDIS_URL"
        )
    os.execve(argv[0], argv, {**os.environ, **process_env()})
