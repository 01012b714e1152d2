"""Publishes tasks through Celery: the ``Publisher`` of ``earshot.pipeline``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from celery import chord
from kombu.exceptions import OperationalError

from earshot.analysis.errors import Unavailable, one_line
from earshot.pipeline.ports import Call
from earshot.storage.redis.client import AWAY
from tasks.app import app


def publish(task: str, argument: object, /) -> None:
    """As ``Publisher.publish``."""
    with refusals():
        app.send_task(task, [argument])


def publish_chord(header: Sequence[Call], body: Call, /) -> None:
    """As ``Publisher.publish_chord``."""
    parts = [app.signature(task, args=[argument]) for task, argument in header]
    # Immutable: the body takes nothing from the header's results, which are receipts; outcomes wait
    # in earshot.storage.staging.
    last = app.signature(body.task, args=[body.argument], immutable=True)
    with refusals():
        (chord(parts, last, app=app) if parts else last).apply_async()


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except (OperationalError, *AWAY) as error:
        reason = one_line(error)
        raise Unavailable("redis_away", f"Redis takes no jobs: {reason}") from error
