"""Turns this process into one of Celery's, so that it gets the terminal's signals itself."""

import os

from analysis.errors import Misconfigured
from settings import settings
from tasks.app import process_env


def become(argv: list[str]) -> None:
    """Replaces this process. Never returns.

    Raises:
        Misconfigured: ``redis_url``, there is no Redis to work for.
    """
    if not settings().redis_url:
        raise Misconfigured("redis_url", "no Redis to work for: run `earshot up`, or set EARSHOT_REDIS_URL")
    os.execve(argv[0], argv, {**os.environ, **process_env()})
