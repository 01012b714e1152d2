"""Analyses again, and what is done to several recordings at once."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen, SpeakerCount
from earshot.storage.postgres.rounds import Choice
from earshot.storage.postgres.tokens import Scope
from gateway import examples
from gateway.door import Caller, Door, operation
from gateway.few import Few
from gateway.problems import Problem
from gateway.reading import rerunning
from gateway.reading.batches import Done, delete_all, rerun_all
from gateway.routes.recordings import MISSING

router = APIRouter(route_class=Door, tags=["recordings"])

MOST = 100
"""Recordings of a batch."""
BATCHES = Few(2)


class Again(Frozen):
    """What to analyse again; at least one of the fields."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"analyses": ["asr"]}, {"failed": True}]}
    )

    analyses: Annotated[tuple[str, ...], Field(max_length=64)] = Field(
        default=(), description="These, for every chunk, also if they were not asked for before."
    )
    failed: bool = Field(default=False, description="What failed.")
    missing: bool = Field(default=False, description="What was asked for and has no outcome.")
    stale: bool = Field(default=False, description="Answers of releases that are no longer active.")
    speakers: SpeakerCount | None = Field(
        default=None, description="Number of speakers; repeats diarization."
    )

    def choice(self) -> Choice:
        """
        Raises:
            Misconfigured: ``analyses``.
            Problem: 422, nothing is named.
        """
        return rerunning.choice(
            self.analyses,
            self.speakers,
            failed=self.failed,
            missing=self.missing,
            stale=self.stale,
        )


class Rerun(BaseModel):
    """A recording that is analysed again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": examples.ID, "state": "analyzing", "round": 2, "jobs": 4}]
        }
    )

    id: UUID
    state: RecordingState
    round: int
    jobs: int = Field(description="Pairs of chunk and analysis; 0: there is nothing to repeat.")


class Batch(Again):
    """One action for several recordings."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "delete", "ids": [examples.ID], "count": 1}]}
    )

    action: Literal["rerun", "delete"]
    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]
    count: int = Field(ge=1, description="Number of the recordings, to confirm it.")


class BatchDone(BaseModel):
    """What became of each recording."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"results": [{"id": examples.ID, "status": 200, "code": None, "detail": None}]}
            ]
        }
    )

    results: list[Done]


_RERUN = operation(
    Scope.WRITE,
    answers={
        **MISSING,
        400: "The body is no JSON.",
        409: "It is being analysed, was never decoded, or its audio is gone.",
        422: "The body is invalid, or names nothing.",
    },
)
_RERUN["responses"][200] = {"model": Rerun, "description": "There is nothing to repeat."}


@router.post(
    "/recordings/{recording_id}/rerun",
    summary="Analyse a recording again",
    status_code=202,
    **_RERUN,
)
def rerun(request: Request, response: Response, recording_id: UUID, again: Again) -> Rerun:
    """As `earshot rerun`: in a new round; the report before it is replaced when that is complete.
    Corrections stay."""
    caller: Caller = request.state.caller
    begun = rerunning.rerun(caller.tenant, recording_id, again.choice())
    if not begun.jobs:
        response.status_code = 200
    return Rerun(**begun._asdict())


@router.post(
    "/recordings/batch",
    summary="Analyse several recordings again, or delete them",
    **operation(
        Scope.WRITE,
        answers={
            400: "The body is no JSON.",
            422: "The body is invalid, names nothing, or `count` is not the number of `ids`.",
        },
    ),
)
async def batch(request: Request, wanted: Batch) -> BatchDone:
    """Each recording is done or refused by itself; `status` is that of the operation for one."""
    caller: Caller = request.state.caller
    ids = list(dict.fromkeys(wanted.ids))
    if len(ids) != wanted.count:
        raise Problem(
            422, "count_differs", f"`count` is {wanted.count}, but {len(ids)} ids are named."
        )
    if wanted.action == "delete":
        return BatchDone(results=await BATCHES.run(lambda: delete_all(caller.tenant, ids)))
    choice = wanted.choice()
    return BatchDone(results=await BATCHES.run(lambda: rerun_all(caller.tenant, ids, choice)))
