"""Recordings of one tenant. What belongs to another one is answered like what does not exist."""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from prometheus_client import Gauge
from starlette.concurrency import run_in_threadpool

from earshot.analysis.states import RecordingState
from earshot.storage.postgres import corrections, db, recordings, tombstones
from earshot.storage.postgres.corrections import Stored
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording
from earshot.storage.redis import answered
from earshot.storage.redis import client as redis
from gateway.few import Few
from gateway.problems import Problem, gone, not_found
from gateway.reading.waiting import Waiting

WAITING = Gauge(
    "earshot_requests_waiting",
    "Requests that wait for their recording to be analysed.",
    multiprocess_mode="livesum",
)

LAYERED = Few(3)
"""A report is parsed and made anew where corrections are applied to it."""
T = TypeVar("T")


def recording(connection: Connection, tenant: str, recording_id: UUID) -> Recording:
    """The tenant's recording. An id whose request was answered with the stored recording of the
    same content stands for that one.

    Raises:
        Problem: 404, there is none; 410, it was deleted.
        Unavailable: Postgres or Redis is unavailable.
    """
    found = recordings.get(connection, recording_id)
    if found is None and not tombstones.buried_of(connection, tenant, recording_id):
        stored = answered.of_tenant(redis.client(), recording_id, tenant)
        found = recordings.get(connection, stored) if stored else None
        if stored and found is None and tombstones.buried_of(connection, tenant, stored):
            raise gone()
    elif found is None:
        raise gone()
    if found is None or found.tenant != tenant:
        raise not_found()
    return found


def kept(recording_id: UUID) -> Stored:
    """The report of a recording that was closed a moment ago, with the corrections.

    Raises:
        Problem: 410, it was deleted meanwhile.
        Unavailable: Postgres is unavailable.
    """
    with db.pooled() as connection:
        body = corrections.read(connection, recording_id)
    if body is None:
        raise gone()
    return body


async def layered(stored: Stored, do: Callable[[], T]) -> T:
    """What ``do`` makes of a report, called in a thread: one of few where there are corrections to
    apply."""
    return await (LAYERED.run if stored.corrections else run_in_threadpool)(do)


def stored(tenant: str, recording_id: UUID, *, undone: bool = False) -> tuple[Recording, Stored]:
    """The tenant's recording, with its report as answered and the corrections.

    Args:
        undone: with the corrections that were undone.

    Raises:
        Problem: as ``recording``; 409, there is no report (yet), or a new round will replace it.
        Unavailable: Postgres or Redis is unavailable.
    """
    with db.pooled() as connection:
        found = recording(connection, tenant, recording_id)
        body = corrections.read(connection, found.id, undone=undone)
    if body is not None and found.state.closed:
        return found, body
    if found.state == RecordingState.FAILED:
        raise Problem(
            409,
            "failed",
            f"The recording could not be analysed: {found.error_detail}",
            reason=found.error_code,
        )
    raise Problem(
        409,
        "not_finished",
        f"The recording is {found.state}; ask again later.",
        {"Retry-After": "2"},
    )


async def finished(
    waiting: Waiting, tenant: str, recording_id: UUID, timeout_sec: float
) -> Recording | None:
    """The tenant's recording once it is closed; None if it is not by then. It may be another one,
    of the same content.

    Raises:
        Problem: 404, there is none; 410, it was deleted meanwhile.
        Unavailable: Postgres or Redis is unavailable.
    """
    ends, wanted = time.monotonic() + timeout_sec, recording_id
    with WAITING.track_inprogress():
        while (left := ends - time.monotonic()) > 0:
            if not await waiting.closed(wanted, left):
                return None
            found = await run_in_threadpool(_find, tenant, wanted)
            if found.state.closed:
                return found
            wanted = found.id
    return None


def _find(tenant: str, recording_id: UUID) -> Recording:
    with db.pooled() as connection:
        return recording(connection, tenant, recording_id)
