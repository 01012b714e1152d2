"""The Celery application, and how its worker, beat and Flower processes are started."""

import logging
import sys
import time
from typing import Any, ClassVar

from celery import Celery, Task
from celery.app.backends import BACKEND_ALIASES
from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    celeryd_init,
    task_prerun,
)
from kombu.transport import TRANSPORT_ALIASES

from earshot.analysis.errors import Permanent, Transient
from earshot.analysis.printable import printable
from earshot.analysis.urls import masked
from earshot.pipeline.retries import PAUSE_MAX_SEC
from earshot.pools import APART, queues_of
from earshot.settings import settings
from tasks.process import boot

PUBLISH_AGAIN_SEC = 2.0


class Stage(Task):  # type: ignore[misc]  # celery ships no types
    """A task that is tried again, ever later and with jitter, while its surroundings fail;
    permanent errors are not."""

    abstract = True
    throws = (Permanent,)  # logged in one line
    autoretry_for = (Transient,)
    # Retries do not measure time, and Celery counts all kinds of them together: a stage that must
    # not wait forever is limited by ``wait_days``. None would mean the task's own
    # ``max_retries``.
    retry_kwargs: ClassVar = {"max_retries": sys.maxsize}
    retry_backoff = 1
    retry_backoff_max = PAUSE_MAX_SEC
    retry_jitter = True
    # seconds, after the worker's child died: two heartbeats have reported its end by then
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


class Application(Celery):  # type: ignore[misc]  # celery ships no types
    """An application whose tasks are its own: Celery adds those of each to all others."""

    def task(self, *args: Any, **options: Any) -> Any:
        """As Celery's."""
        return super().task(*args, **{"shared": False, **options})


# Kombu takes a socket's transport from its URL's scheme alone.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "tasks.messages.transport:Transport"))
BACKEND_ALIASES.update(dict.fromkeys(("redis", "rediss"), "tasks.messages.transport:Backend"))
app = Application(
    boot.APP,
    task_cls=Stage,
    amqp="tasks.messages.transport:Queues",
)
app.config_from_object("celeryconfig")
app.user_options["worker"].add(boot.UNCHECKED)
celeryd_init.connect(boot.set_up)


@after_setup_logger.connect
@after_setup_task_logger.connect
def _mask(logger: logging.Logger, **_: Any) -> None:
    """Masks credentials in all log messages, including tracebacks of libraries, and keeps each
    message on one line."""
    for handler in logger.handlers:
        handler.addFilter(_OneLine())
        handler.setFormatter(_Masked(handler.formatter))


class _OneLine(logging.Filter):
    """External names in a message cannot forge a line; a traceback follows unchanged."""

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


def worker_argv(
    pools: tuple[str, ...], concurrency: int, name: str | None = None, *, checked: bool = True
) -> list[str]:
    """Command line of a worker that serves these pools.

    Args:
        checked: whether it ends at boot where a check fails.

    Raises:
        Misconfigured: there is no such pool.
    """
    queues = queues_of(tuple(pools))
    return _celery(
        "worker",
        f"--queues={','.join(queues)}",
        f"--hostname={name or '-'.join(pools)}@%h",
        f"--concurrency={concurrency}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
        *(() if checked else ("--unchecked",)),
        app=APART.get(queues[0], "tasks.app"),
    )


def beat_argv() -> list[str]:
    """Command line of the one scheduler."""
    return _celery("beat", "--loglevel=INFO", "--pidfile=")


def flower_argv(port: int, address: str) -> list[str]:
    """Command line of the dashboard."""
    return _celery("flower", f"--address={address}", f"--port={port}")


def _celery(*args: str, app: str = "tasks.app") -> list[str]:
    return [sys.executable, "-m", "celery", "-A", app, *args]
