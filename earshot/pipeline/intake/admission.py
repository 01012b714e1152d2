"""Decides whether a request is decoded now; bounds its attempts, the backlog and the waiting
time."""

from uuid import UUID

from earshot.analysis.errors import Permanent, Transient, Unavailable
from earshot.pipeline.ports import Claimant
from earshot.pipeline.retries import step_sec
from earshot.settings import settings
from earshot.storage.postgres import db, ledger, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis
from earshot.storage.redis import presence, waits


def admit(connection: Connection, recording_id: UUID) -> None:
    """Bounds the number of chunks that wait to be merged, whichever consumer is slow.

    Raises:
        Transient: ``backlog``, the bound is reached.
    """
    waiting = ledger.unmerged(connection) + requests.ahead(connection, recording_id)
    if waiting >= settings().max_unmerged_chunks:
        requests.put_off(connection, recording_id)
        raise Transient(
            "backlog",
            f"{waiting} chunks wait to be merged, which is the bound;"
            " the recording is decoded later",
        )


def count_attempt(connection: Connection, recording_id: UUID, claimant: Claimant) -> bool:
    """Counts an attempt at decoding; False if an earlier delivery of the request got further.

    Raises:
        Permanent: ``gave_up``, the workers of ``max_attempts`` attempts died. A worker that shut
            down in an orderly way does not count.
    """
    client = redis.client()
    attempt = requests.start(connection, recording_id, claimant.claim().worker)
    if attempt is None:
        return False
    waits.started(client, "ingest", attempt.sent_at)
    before = presence.named(client, [attempt.worker_before] if attempt.worker_before else [])
    stopped = any(worker.left for worker in before.values())
    if stopped:
        requests.excuse(connection, recording_id)
    if attempt.number - stopped > settings().max_attempts:
        raise Permanent("gave_up", f"decoding it ended its worker {settings().max_attempts} times")
    return True


def put_off(recording_id: UUID, error: Transient) -> None:
    """Uncounts the attempt that ended with ``error``.

    Raises:
        Permanent: with the same code, if the same dependency was unavailable for ``wait_days``.
    """
    with db.pooled() as fresh:  # the other connection may be what has failed
        if not isinstance(error, Unavailable):
            requests.excuse(fresh, recording_id)
        elif requests.waits(fresh, recording_id, error.code, step_sec()) > settings().wait_sec:
            again = f"`earshot rerun {recording_id} --failed` tries it again"
            waited = f"gave up after {settings().wait_days:g} days"
            raise Permanent(error.code, f"{error}; {waited}; {again}") from error
