"""Turns this process into one of Celery's, so that it gets the terminal's signals itself."""

import os
from collections.abc import Collection

from cli.models.serving import serving
from earshot.analysis.errors import Misconfigured
from earshot.compute.device import resolve
from earshot.pools import STAGES
from earshot.registry import cards
from earshot.settings import settings
from tasks.app import process_env, worker_argv
from workers.checkpoints_present import check_present


def become_worker(pools: tuple[str, ...], concurrency: int) -> None:
    """Replaces this process by a worker for these pools, once nothing is wrong that would fail all
    its tasks. Never returns.

    Raises:
        Misconfigured: no such pool, no Redis or database to work for, a checkpoint that is missing
            or altered (the release's own, a route's, or that of what a head stands on), no such
            device.
        Forbidden: a checkpoint whose licence does not allow what this installation is for.
    """
    # The process id, which the worker keeps, tells two workers of a pool on one machine apart.
    argv = worker_argv(pools, concurrency, f"{'-'.join(pools)}-{os.getpid()}")
    check(pools)
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


def check(pools: Collection[str]) -> None:
    """Looks for what would fail all tasks, or all of a language.

    Raises:
        Misconfigured, Forbidden: as ``become_worker``.
    """
    urgent = {card.name for card in cards() if card.urgent}  # these tell of emergencies themselves
    stages = [name for name in pools if name in STAGES or name in urgent]
    if stages and not settings().database_url:
        raise Misconfigured(
            "database_url", f"{', '.join(stages)} needs the database: set EARSHOT_DATABASE_URL"
        )
    analysed = [name for name in pools if name not in STAGES]
    for name, release in serving().items() if analysed else ():
        if name in analysed:
            check_present(release, settings())
    # `auto` takes what there is. Touching CUDA is safe here, because the worker that forks is a
    # program of its own.
    if settings().device == "cuda" and any(
        card.pool == "gpu" and card.name in pools for card in cards()
    ):
        resolve("cuda")
