"""One pass of tidying: deletions that are open, what has reached its age, and what dead processes
left behind.

Needs no worker, like ``earshot.pipeline.deletion``. Each pass is bounded in time and goes on where
the one before it stopped.
"""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from redis import Redis

from earshot.analysis.errors import SERVICES, OutOfTime, Transient
from earshot.analysis.types import Frozen
from earshot.audio.store.layout import delete_recording
from earshot.pipeline import deletion, orphans
from earshot.settings import Retention, settings
from earshot.storage import retention
from earshot.storage.postgres import db, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused, stream

log = logging.getLogger(__name__)

PASS_SEC = 20.0
"""After which a pass begins nothing more: the worker that runs it has merges to do."""
BATCH = 200
EVENTS = 2000
DAY_SEC = 86_400.0


class Tidied(Frozen):
    """How many of each one pass removed."""

    deletions_finished: int = 0
    deletions_settled: int = 0
    recordings_expired: int = 0
    failed_expired: int = 0
    audio_expired: int = 0
    events_expired: int = 0
    letters_expired: int = 0
    refused_expired: int = 0
    tombstones_expired: int = 0
    uploads_swept: int = 0
    files_swept: int = 0


def tidy(*, pass_sec: float = PASS_SEC, sweep: bool = False) -> Tidied:
    """One pass. Two at once remove nothing twice.

    Args:
        sweep: look for what dead processes left behind although somebody did so within the hour.

    Raises:
        Unavailable: Redis or Postgres is away.
    """
    client, ends = redis.client(), time.monotonic() + pass_sec
    keep, counts = settings().retention, dict[str, int]()
    with db.pooled() as connection:
        held = retention.is_held(connection, client)
        if held:
            log.warning(
                "the clock has leapt by a day, or nobody has looked for so long: nothing goes for"
                " its age today"
            )
            keep = Retention()
        deletion.keep_out(connection)
        steps: dict[str, Callable[[], int]] = {
            "deletions_finished": lambda: deletion.erase(connection)[0],
            "recordings_expired": lambda: _expire(connection, retention.finished, keep.recordings),
            "failed_expired": lambda: _expire(connection, retention.failed, keep.failed),
            "audio_expired": lambda: _expire_audio(connection, keep.audio),
            "events_expired": lambda: _drop_events(connection, client, keep.events),
            "letters_expired": lambda: _aged(
                keep.failed, lambda age: retention.drop_dead_letters(connection, age, BATCH)
            ),
            "tombstones_expired": lambda: _aged(
                keep.tombstones, lambda age: tombstones.forget(connection, age, BATCH)
            ),
            "refused_expired": lambda: _aged(
                keep.refused, lambda age: refused.forget(client, time.time() - age)
            ),
            "deletions_settled": lambda: len(deletion.settle(connection, ends)),
        }
        for name, step in steps.items():
            counts[name] = _repeated(name, step, ends)
        if not held and (sweep or orphans.due(client)):
            counts["uploads_swept"] = _once("uploads", lambda: orphans.uploads(connection, client))
            counts["files_swept"] = _once("files", lambda: orphans.files(connection))
    return Tidied(**counts)


def _repeated(name: str, step: Callable[[], int], ends: float) -> int:
    """A step until it has nothing to do, or the pass is over."""
    done = 0
    while time.monotonic() < ends and (now := _once(name, step)):
        done += now
    return done


def _once(name: str, step: Callable[[], int]) -> int:
    """What cannot be done does not keep the rest from being done; Postgres or Redis being away
    does, and the time limit."""
    try:
        return step()
    except Transient as error:
        if error.code in SERVICES:
            raise
        log.error("tidying %s: %s", name, error)
    except OutOfTime:
        raise
    except Exception:
        log.exception("tidying %s failed", name)
    return 0


def _aged(days: float | None, step: Callable[[float], int]) -> int:
    return 0 if days is None else step(days * DAY_SEC)


def _expire(
    connection: Connection, find: Callable[[Connection, float, int], list[UUID]], days: float | None
) -> int:
    def expire(age_sec: float) -> int:
        ids = find(connection, age_sec, BATCH)
        deletion.delete(connection, ids, "retention")
        return len(ids)

    return _aged(days, expire)


def _expire_audio(connection: Connection, days: float | None) -> int:
    """Files first: what dies in between finds the row again, and nothing to remove."""

    def expire(age_sec: float) -> int:
        with connection.transaction():
            ids = retention.take_audio(connection, age_sec, BATCH)
            for recording_id in ids:
                delete_recording(settings().store_url, recording_id)
            retention.audio_expired(connection, ids)
        return len(ids)

    return _aged(days, expire)


def _drop_events(connection: Connection, client: Redis, days: float | None) -> int:
    """Those that are old enough, and those that the stream has dropped for their number: nobody can
    read these any more."""
    ages = [days * DAY_SEC] if days is not None else []
    oldest = stream.oldest_kept(client)
    if oldest is not None:
        ages.append(time.time() - oldest + DAY_SEC)
    return retention.drop_events(connection, client, min(ages), EVENTS) if ages else 0
