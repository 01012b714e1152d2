"""Deletes recordings of a tenant with all their data, and says what was removed."""

import threading
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from fastapi import Request, Response
from pydantic import ConfigDict

from earshot.analysis.deletion import Checked, DeletionReceipt
from earshot.pipeline import deletion
from earshot.storage.postgres import db, tombstones
from gateway.door import Caller
from gateway.few import Few
from gateway.problems import not_found
from gateway.reading import owned

SEARCH_WAIT_SEC = 10.0
"""A search reads every store: one at a time, and one that waits longer is left to upkeep."""
DELETIONS = Few(3)
TRIES = 3
"""A recording that is found to be the same as a stored one goes at that moment, and its id then
stands for the other one."""
_searching = threading.Lock()

EXAMPLE = DeletionReceipt(
    recording_id=UUID("8d1f3c52-6a0e-4f0c-9b57-2f4c8f4f6a11"),
    why="asked",
    requested_at=datetime(2026, 5, 4, 9, 31, tzinfo=UTC),
    erased_at=datetime(2026, 5, 4, 9, 31, 1, tzinfo=UTC),
    attempts=1,
    removed={
        "postgres": {"recording": 1, "chunk": 4, "finding": 21, "segment": 12, "outbox": 23},
        "redis": {"keys": 2, "events": 23},
        "store": {"files": 1, "bytes": 1_962_240, "uploads": 0},
    },
    checked=Checked(
        at=datetime(2026, 5, 4, 9, 31, 2, tzinfo=UTC),
        searched={"postgres": {"recording": 71}, "redis": {"keys": 212}, "store": {"paths": 90}},
    ),
)


class Receipt(DeletionReceipt):
    """What a deletion removed from which store, and what the search of all of them found."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE.model_dump(mode="json")]})


async def answered(
    request: Request, response: Response, recording_id: UUID, *, search: bool
) -> Receipt:
    """Answers a request to delete: with 202 while a part could not be removed yet."""
    caller: Caller = request.state.caller
    made = await delete(caller.tenant, recording_id, search=search)
    if made.erased_at is None:
        response.status_code = 202
    return made


async def delete(tenant: str, recording_id: UUID, *, search: bool) -> Receipt:
    """Deletes the tenant's recording in any state.

    Args:
        search: search every store for it afterwards; upkeep does so later in any case.

    Raises:
        Problem: 404, there is none; 410, it was deleted before.
        Unavailable: a service is unavailable; upkeep finishes what was begun.
    """
    return await DELETIONS.run(partial(_delete, tenant, recording_id, search))


def _delete(tenant: str, recording_id: UUID, search: bool) -> Receipt:
    with db.pooled() as connection:
        for _ in range(TRIES):
            found = owned.recording(connection, tenant, recording_id).id
            left = deletion.delete(connection, [found], "asked")
            if search and not left:
                _search(connection, found)
            receipts = _receipts(connection, [found])
            if receipts:
                return receipts[0]
    raise not_found()


def _search(connection: db.Connection, recording_id: UUID) -> None:
    if _searching.acquire(timeout=SEARCH_WAIT_SEC):
        try:
            deletion.check(connection, [recording_id])
        finally:
            _searching.release()


def receipt(tenant: str, recording_id: UUID) -> Receipt:
    """The receipt of a deletion of the tenant.

    Raises:
        Problem: 404, there is none.
    """
    with db.pooled() as connection:
        if not tombstones.buried_of(connection, tenant, recording_id):
            raise not_found()
        return _receipts(connection, [recording_id])[0]


def _receipts(connection: db.Connection, ids: list[UUID]) -> list[Receipt]:
    return [Receipt(**each.model_dump()) for each in deletion.receipts(connection, ids)]
