"""The Celery application, and how its worker, beat and Flower processes are started."""

import logging
import os
import sys
import time
from typing import Any, ClassVar

from celery import Celery, Task
from celery.app.backends import BACKEND_ALIASES
from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    heartbeat_sent,
    task_prerun,
    worker_init,
    worker_ready,
)
from kombu.transport import TRANSPORT_ALIASES

from earshot.analysis.errors import Permanent, Transient
from earshot.analysis.printable import printable
from earshot.analysis.urls import masked
from earshot.audio.store import scratch
from earshot.compute import onnx_runtime
from earshot.pipeline.retries import PAUSE_MAX_SEC
from earshot.pools import queues_of
from earshot.settings import PROJECT, settings

MALLOC_BYTES = 4 << 20
"""What is larger, and what is free at the end of the heap beyond it, goes back to the system at
once. A chunk of two channels
takes 3 MB: with less than that, it and what is made of it would be asked for again and again, at
two thirds more CPU."""


PUBLISH_AGAIN_SEC = 2.0


class Stage(Task):  # type: ignore[misc]  # celery ships no types
    """A task that is tried again, ever later and with jitter, while its surroundings fail;
    permanent errors are not."""

    abstract = True
    throws = (Permanent,)  # told in one line
    autoretry_for = (Transient,)
    # Tries are no measure of time, and Celery counts those of every kind together: a stage that
    # must not wait for ever goes by ``wait_days``. None would stand for the task's own
    # ``max_retries``.
    retry_kwargs: ClassVar = {"max_retries": sys.maxsize}
    retry_backoff = 1
    retry_backoff_max = PAUSE_MAX_SEC
    retry_jitter = True
    # seconds, after the worker's child died: by then two heartbeats have told that it is gone
    default_retry_delay = 5
    # what counts for Celery itself: deliveries after the worker died
    # (``task_retry_on_worker_lost``)
    max_retries = 3

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """As Celery's, but a task whose retry Redis does not take waits for Redis, where Celery
        would drop it; when its time is up, it goes back to its queue."""
        while True:
            try:
                return super().retry(*args, **kwargs)
            except Reject as error:
                if time.monotonic() - _Began.at > settings().task_soft_limit_sec:
                    raise Reject(error.reason, requeue=True) from error
            try:
                time.sleep(PUBLISH_AGAIN_SEC)
            except SoftTimeLimitExceeded:
                _Began.at = float("-inf")


class _Began:
    """When this process began its task, on the monotonic clock."""

    at = float("-inf")


@task_prerun.connect
def _begins(**_: Any) -> None:
    _Began.at = time.monotonic()


# Kombu takes a socket's transport from its URL's scheme alone.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "tasks.messages.transport:Transport"))
BACKEND_ALIASES.update(dict.fromkeys(("redis", "rediss"), "tasks.messages.transport:Backend"))
app = Celery(
    "earshot",
    task_cls=Stage,
    amqp="tasks.messages.transport:Queues",
    include=[
        "tasks.ingest",
        "tasks.analyze",
        "tasks.merge",
        "tasks.finalize",
        "tasks.upkeep",
        "tasks.process.presence",
        "tasks.process.fork",
        "tasks.process.soft_limit",
        "tasks.process.one_gpu",
    ],
)
app.config_from_object("celeryconfig")


@worker_init.connect
def _not_yet(**_: Any) -> None:
    scratch.sweep()  # copies that a killed predecessor left
    ready = settings().ready_file
    if ready is not None:
        ready.unlink(missing_ok=True)  # a restarted container finds the file of its predecessor


@worker_ready.connect
def _announce(**_: Any) -> None:
    ready = settings().ready_file
    if ready is not None:
        ready.write_text(str(os.getpid()))


@heartbeat_sent.connect
def _still_there(**_: Any) -> None:
    ready = settings().ready_file
    if ready is not None and ready.exists():
        ready.touch()


@after_setup_logger.connect
@after_setup_task_logger.connect
def _mask(logger: logging.Logger, **_: Any) -> None:
    """Whatever is logged, a traceback of some library too, is logged without credentials, and each
    message is one line."""
    for handler in logger.handlers:
        handler.addFilter(_OneLine())
        handler.setFormatter(_Masked(handler.formatter))


class _OneLine(logging.Filter):
    """Whatever names from outside are in a message, it forges no line; a traceback stands below it
    as it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        shown = printable(message)
        if shown != message:
            record.msg, record.args = shown, ()
        return True


class _Masked(logging.Formatter):
    """Another formatter's lines, their URLs without user and query."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return masked(self._inner.format(record))


def worker_argv(pools: tuple[str, ...], concurrency: int, name: str | None = None) -> list[str]:
    """Command line of a worker that serves these pools.

    Raises:
        Misconfigured: there is no such pool.
    """
    return _celery(
        "worker",
        f"--queues={','.join(queues_of(pools))}",
        f"--hostname={name or '-'.join(pools)}@%h",
        f"--concurrency={concurrency}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
    )


def beat_argv() -> list[str]:
    """Command line of the one scheduler."""
    return _celery("beat", "--loglevel=INFO", "--pidfile=")


def flower_argv(port: int, address: str) -> list[str]:
    """Command line of the dashboard."""
    return _celery("flower", f"--address={address}", f"--port={port}")


def process_env() -> dict[str, str]:
    """What those processes need in their environment besides the settings.

    SIGTERM hands jobs back within the soft timeout (billiard reads this before Celery starts),
    numeric libraries stay on one thread, no library asks a model hub for what `earshot models pull`
    has not put here, ONNX Runtime tells nobody what it runs (from 1.29 on it would, by a thread of
    its own), nor does pyannote.audio, and memory goes back to the system, where glibc would keep
    whatever array was freed.
    """
    return {
        "REMAP_SIGTERM": "SIGQUIT",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **onnx_runtime.SILENT,
        "MALLOC_MMAP_THRESHOLD_": str(MALLOC_BYTES),
        "MALLOC_TRIM_THRESHOLD_": str(MALLOC_BYTES),
        "HF_HUB_OFFLINE": "1",
        "PYANNOTE_METRICS_ENABLED": "false",
        "OTEL_SDK_DISABLED": "true",  # what pyannote.audio would tell by
        "PYTHONPATH": str(PROJECT),
    }


def _celery(*args: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "tasks.app", *args]
