"""``/recordings/{id}/hold``: keeps a recording from being deleted."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.types import Frozen
from earshot.pipeline.keeping import holding
from earshot.storage import holds
from earshot.storage.holds import Hold
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.tokens import Scope
from gateway import examples
from gateway.door import Caller, Door, operation
from gateway.reading import owned
from gateway.routes.recordings import ID, MISSING

router = APIRouter(route_class=Door, tags=["recordings"])

HOLD: dict[str, Any] = {
    "recording_id": examples.ID,
    "source": None,
    "reason": "case 12/2026",
    "placed_by": "token 3f1c9a52",
    "placed_at": "2026-05-04T09:31:00Z",
    "released_by": None,
    "released_at": None,
}


class Placing(Frozen):
    """Why a recording is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "case 12/2026"}]})

    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]


class Holds(BaseModel):
    """Whether a recording is on hold, and its own holds."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on_hold": True, "holds": [HOLD]}]})

    on_hold: bool = Field(description="By itself or by its source.")
    holds: list[Hold] = Field(description="Its own, oldest first, released ones as well.")


_CHANGE: dict[str, Any] = operation(Scope.ADMIN, answers={**MISSING, **ID})
_PLACE: dict[str, Any] = operation(
    Scope.ADMIN,
    answers={**MISSING, 400: "The body is no JSON.", 422: "The body or the id is invalid."},
)


@router.get(
    "/recordings/{recording_id}/hold",
    summary="The legal holds of a recording",
    **operation(Scope.ADMIN, answers={**MISSING, **ID}),
)
def get_hold(request: Request, recording_id: UUID) -> Holds:
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        return _holds(connection, owned.recording(connection, caller.tenant, recording_id).id)


@router.put("/recordings/{recording_id}/hold", summary="Place a legal hold", **_PLACE)
def place(request: Request, recording_id: UUID, placing: Placing) -> Holds:
    """The recording is deleted neither by retention nor when asked (409 `on_hold`), until it is
    released. One that is on hold stays so, with the reason of its first hold."""
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        found = owned.recording(connection, caller.tenant, recording_id).id
        holding.place(connection, found, placing.reason, _who(caller))
        return _holds(connection, found)


@router.delete("/recordings/{recording_id}/hold", summary="Release a legal hold", **_CHANGE)
def release(request: Request, recording_id: UUID) -> Holds:
    """One that its source has stays."""
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        found = owned.recording(connection, caller.tenant, recording_id).id
        holding.release(connection, found, _who(caller))
        return _holds(connection, found)


def _who(caller: Caller) -> str:
    return f"token {caller.token}"


def _holds(connection: Connection, recording_id: UUID) -> Holds:
    return Holds(
        on_hold=bool(holds.held(connection, [recording_id])),
        holds=holds.holds(connection, recording_id, released=True),
    )
