"""Does one thing to several recordings of a tenant; each is done or refused by itself."""

from collections.abc import Callable, Sequence
from uuid import UUID

from pydantic import BaseModel, Field

from earshot.analysis.errors import EarshotError
from earshot.pipeline import deletion
from earshot.storage import holds
from earshot.storage.postgres import db
from earshot.storage.postgres.rounds import Choice
from gateway.problems import Problem, of_error
from gateway.reading import owned, rerunning


class Done(BaseModel):
    """What became of one recording."""

    id: UUID = Field(description="As it was named.")
    status: int = Field(description="As of the operation for one recording.")
    code: str | None = Field(description="Of the problem, if there is one.")
    detail: str | None


def rerun_all(tenant: str, ids: Sequence[UUID], wanted: Choice) -> list[Done]:
    """Asks for these analyses of each recording again."""

    def one(recording_id: UUID) -> int:
        return 202 if rerunning.rerun(tenant, recording_id, wanted).jobs else 200

    return [_done(recording_id, one) for recording_id in ids]


def delete_all(tenant: str, ids: Sequence[UUID]) -> list[Done]:
    """Deletes the recordings; upkeep searches the stores for them afterwards.

    Raises:
        Unavailable: a service is unavailable; upkeep finishes what was begun.
    """
    named: dict[UUID, UUID] = {}

    def one(recording_id: UUID) -> int:
        with db.pooled() as connection:
            found = owned.recording(connection, tenant, recording_id).id
            if holds.held(connection, [found]):
                raise holds.on_hold([found])
            named[recording_id] = found
        return 200

    done = [_done(recording_id, one) for recording_id in ids]
    with db.pooled() as connection:
        left = deletion.delete(connection, sorted(set(named.values())), "asked")
    return [
        each.model_copy(update={"status": 202}) if named.get(each.id) in left else each
        for each in done
    ]


def _done(recording_id: UUID, do: Callable[[UUID], int]) -> Done:
    try:
        return Done(id=recording_id, status=do(recording_id), code=None, detail=None)
    except (Problem, EarshotError) as error:
        found = error if isinstance(error, Problem) else of_error(error)
        detail = str(found.detail)
        return Done(id=recording_id, status=found.status_code, code=found.code, detail=detail)
