"""The worker processes of the local stack, started in parallel, beat, and the live process."""

from collections.abc import Collection, Mapping
from pathlib import Path

from cli.localstack import plan, processes, waiting
from cli.localstack.processes import Process
from earshot.settings import settings

READY_TIMEOUT_SEC = 60.0
LIVE = "live"
BULK_NICE = 10
"""Niceness of the children of workers beside a live process: where both want a core, that has nine
tenths of it."""


def start(home: Path, names: Collection[str], env: Mapping[str, str]) -> None:
    """Starts the named workers of the plan in parallel and returns when each consumes its queues;
    then beat, if named.

    Raises:
        Unavailable: one died or took longer than ``READY_TIMEOUT_SEC``; the message contains the
            end of its log.
    """
    for process in [
        start_one(home, workers, env, beside_live=LIVE in names)
        for workers in plan.plan()
        if workers.name in names
    ]:
        wait_ready(home, process)
    if plan.BEAT in names:
        start_beat(home, env)


def start_beat(home: Path, env: Mapping[str, str]) -> None:
    """Starts the scheduler, and returns before it is ready."""
    from tasks.app import beat_argv
    from tasks.process.environment import process_env

    processes.start(home, plan.BEAT, beat_argv(), {**process_env(), **env})


def start_one(
    home: Path, workers: plan.Workers, env: Mapping[str, str], *, beside_live: bool = False
) -> Process:
    """Starts a worker process, and returns before it is ready.

    Args:
        beside_live: a live process will be started, to which its children give way.
    """
    from tasks.app import worker_argv
    from tasks.process.environment import process_env

    argv = worker_argv(workers.pools, workers.concurrency, workers.name, checked=False)
    ready = _ready_file(home, workers.name)
    ready.unlink(missing_ok=True)
    own = {"EARSHOT_READY_FILE": str(ready)}
    if beside_live or processes.running(home, LIVE) is not None:
        own["EARSHOT_WORKER_NICE"] = str(BULK_NICE)
    return processes.start(home, workers.name, argv, {**process_env(), **env, **own})


def live_planned() -> bool:
    """Whether the stack has a live process while it is kept up."""
    from earshot.models.checkpoints.catalog import load

    return settings().live_processes > 0 and any(
        entry.runtime == "moonshine" and entry.at_hand for entry in load()
    )


def start_live(home: Path, env: Mapping[str, str]) -> None:
    """Starts the live process, and returns before it takes sessions."""
    from tasks.process.environment import process_env

    processes.start(home, LIVE, plan.LIVE_ARGV, {**process_env(), **env})


def wait_ready(home: Path, process: Process) -> None:
    """Returns when the worker consumes its queues.

    Raises:
        Unavailable: it died or took longer than ``READY_TIMEOUT_SEC``.
    """
    file = _ready_file(home, process.name)

    def ready() -> bool:
        processes.check_running(home, process.name)
        return file.exists() and file.read_text(encoding="utf-8") == str(process.pid)

    waiting.until(ready, READY_TIMEOUT_SEC, f"the worker {process.name}", process.log)


def _ready_file(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.ready"
