"""Remembered roles: listed and forgotten. A correction of roles has them remembered."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from earshot.storage import remembered_roles
from earshot.storage.postgres import corrections, db
from earshot.storage.postgres.tokens import Scope
from earshot.storage.remembered_roles import RememberedRoles
from gateway import examples
from gateway.door import Caller, Door, operation
from gateway.problems import not_found

router = APIRouter(route_class=Door, tags=["corrections"])

REMEMBERED: dict[str, Any] = {
    "id": "2f9c6a1e-51d7-4a80-9d0e-6b1c0f4a7d32",
    "tenant": "acme",
    "source": "s3://calls/vicidial/",
    "roles": ["customer", "agent"],
    "recording_id": examples.ID,
    "remembered_by": "anna",
    "remembered_at": "2026-05-04T09:31:00Z",
    "forgotten_by": None,
    "forgotten_at": None,
}
MISSING = {404: "There are no such roles in force.", 422: "The id is invalid."}


class RememberedList(BaseModel):
    """Roles in force, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [REMEMBERED]}]})

    items: list[RememberedRoles]


@router.get(
    "/remembered-roles",
    summary="List the roles that are remembered for sources",
    **operation(Scope.READ),
)
def list_remembered(request: Request) -> RememberedList:
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        return RememberedList(items=remembered_roles.remembered(connection, caller.tenant))


@router.delete(
    "/remembered-roles/{id}",
    summary="Forget the roles of a source",
    status_code=204,
    **operation(Scope.WRITE, answers=MISSING),
)
def forget(request: Request, id: UUID) -> None:
    """Recordings that have them keep them."""
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        who = corrections.name_of(connection, caller.token)
        if not remembered_roles.forget(connection, id, who, caller.tenant):
            raise not_found()
