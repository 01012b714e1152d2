"""Rows of trainings in the background, with the leases of their workers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("training_runs")
MOST = 50

Working = Literal["training", "judging"]
Ended = Literal["promoted", "refused", "failed", "canceled"]


class Run(Frozen):
    """A row."""

    id: UUID
    model: str
    data: str
    folder: str
    options: dict[str, Any]
    state: Working | Ended
    progress: dict[str, Any]
    attempts: int
    worker: str
    lease_until: datetime
    cancel_by: str | None
    release: str | None
    verdict: dict[str, Any] | None
    error_code: str | None
    error_detail: str | None
    started_at: datetime
    finished_at: datetime | None
    lost: bool
    """Its worker has not renewed the lease."""


class Asked(Frozen):
    """A training that is asked for."""

    id: UUID
    model: str
    data: str
    folder: str
    options: dict[str, Any]


class End(Frozen):
    """How a run ended."""

    state: Ended
    release: str | None = None
    verdict: dict[str, Any] | None = None
    code: str | None = None
    detail: str | None = None


def begin(connection: Connection, asked: Asked, worker: str, lease_sec: float) -> bool:
    """Starts a run, or takes it over from a lost worker; False if it is finished or another worker
    holds it.

    Raises:
        Permanent: ``training_already``, another run trains the model.
    """
    args = {**asked.model_dump(), "options": Jsonb(asked.options)}
    lease = {"worker": worker, "lease_sec": lease_sec}
    if connection.execute(SQL["begin"], {**args, **lease}).rowcount:
        return True
    if connection.execute(SQL["take_over"], {"id": asked.id, **lease}).rowcount:
        return True
    if listed(connection, run_id=asked.id):
        return False
    other = next(iter(listed(connection, model=asked.model, open_only=True)), None)
    if other is None:
        return begin(connection, asked, worker, lease_sec)
    raise Permanent(
        "training_already",
        f"{asked.model} is being trained by run {other.id} since {other.started_at:%Y-%m-%d %H:%M};"
        " `earshot train status` shows it, `earshot train cancel` ends it",
    )


def renew(
    connection: Connection,
    run_id: UUID,
    worker: str,
    lease_sec: float,
    state: Working,
    progress: Mapping[str, Any],
) -> Literal["held", "canceled", "lost"]:
    """Renews the lease and stores the progress. ``lost``: another worker has taken the run over, or
    it is finished."""
    args = {"id": run_id, "worker": worker, "lease_sec": lease_sec, "state": state}
    row = connection.execute(SQL["renew"], {**args, "progress": Jsonb(dict(progress))}).fetchone()
    if row is None:
        return "lost"
    return "canceled" if row["cancel_by"] else "held"


def finish(connection: Connection, run_id: UUID, worker: str, end: End) -> bool:
    """Ends a run; False if another worker has taken it over, or it is finished."""
    args = {**end.model_dump(), "id": run_id, "worker": worker}
    args["verdict"] = None if end.verdict is None else Jsonb(end.verdict)
    return connection.execute(SQL["finish"], args).rowcount == 1


def cancel(connection: Connection, run_id: UUID, by: str) -> bool:
    """Asks the worker of a run to end it; False if it is finished."""
    return connection.execute(SQL["cancel"], {"id": run_id, "by": by}).fetchone() is not None


def listed(
    connection: Connection,
    *,
    run_id: UUID | None = None,
    model: str | None = None,
    open_only: bool = False,
) -> list[Run]:
    """Runs, newest first."""
    args = {"id": run_id, "model": model, "open": open_only, "limit": MOST}
    return [Run.model_validate(row) for row in connection.execute(SQL["runs"], args)]
