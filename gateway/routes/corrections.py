"""Corrections of a report: made, listed, undone."""

from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.analysis.corrections.changes import Change
from earshot.analysis.corrections.layer import layered
from earshot.analysis.report.report import Report
from earshot.pipeline.correcting import changes
from earshot.pipeline.correcting.opened import Corrected, Expected
from earshot.storage.postgres import corrections, db
from earshot.storage.postgres.corrections import Stored
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.tokens import Scope
from gateway.door import Caller, Door, operation
from gateway.few import Few
from gateway.reading import editions, owned
from gateway.reading.corrected import (
    ChangedCorrections,
    CorrectionInfo,
    CorrectionPage,
    MadeCorrection,
    Revert,
    VersionInfo,
    VersionPage,
    info,
)
from gateway.reading.filters import only_known
from gateway.routes.recordings import MISSING

router = APIRouter(route_class=Door, tags=["corrections"])

MOST = 500
"""Corrections on a page."""
CHANGES = Few(3)
"""A change applies all corrections of its recording twice, with the recording locked."""
READ = {**MISSING, 409: "There is no report (yet).", 422: "A parameter is invalid."}
CHANGE = {
    **READ,
    400: "The body is no JSON.",
    409: "There is no report (yet), or it is being made anew.",
    412: "The report has changed since; `current` is what is there now.",
    422: "The body is invalid, or what it names is not there.",
    428: "`If-Match` is missing.",
}
IfMatch = Annotated[
    str | None,
    Header(
        description="The `ETag` of the report or of its corrections; `*` corrects whatever is"
        " there.",
        max_length=1000,
    ),
]
Cursor = Annotated[str | None, Query(max_length=10, pattern=r"^\d{1,9}$")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
TURN = {"channel": 0, "start_ms": 480, "end_ms": 2_160}
EXAMPLES: list[dict[str, Any]] = [
    {"kind": "text", "turn": TURN, "text": "Good morning, Ms. Miller."},
    {"kind": "speaker", "turn": TURN, "speaker": "s1"},
    {"kind": "speaker", "turn": TURN, "speaker": "new"},
    {"kind": "boundaries", "turn": TURN, "start_ms": 500, "end_ms": 2_000},
    {"kind": "emotion", "turn": TURN, "label": "happy"},
    {"kind": "sentiment", "turn": TURN, "label": "negative", "confirms": True},
    {"kind": "noise", "start_ms": 0, "end_ms": 5_000, "label": "rain_light"},
    {"kind": "scene", "start_ms": 0, "end_ms": 5_000, "label": "music"},
    {"kind": "rename", "speaker": "s1", "name": "Ms. Miller"},
    {"kind": "merge", "speaker": "s2", "into": "s1"},
    {"kind": "roles", "roles": ["customer", "agent"], "remember": True},
]


class Do(Protocol):
    """A change of the corrections of a recording."""

    def __call__(
        self, connection: Connection, recording_id: UUID, *, expected: Expected, token: str
    ) -> Corrected: ...


_MADE = operation(Scope.WRITE, answers=CHANGE)
_MADE["responses"][200] = {
    "model": MadeCorrection,
    "description": "Nothing has changed: the request is repeated, or the value was there.",
}


@router.get(
    "/recordings/{recording_id}/corrections",
    summary="List the corrections of a recording, with those that were undone",
    dependencies=[Depends(only_known)],
    **operation(Scope.READ, answers=READ),
)
async def list_corrections(
    request: Request,
    response: Response,
    recording_id: UUID,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> CorrectionPage:
    def read() -> Stored:
        return owned.stored(_tenant(request), recording_id, undone=True)[1]

    def page() -> CorrectionPage:
        draft, standings = layered(Report.model_validate(stored.body), stored.corrections)
        rows = [each for each in standings if each.correction.version > int(cursor or 0)]
        shown = rows[:limit]
        return CorrectionPage(
            corrections=[info(draft, each) for each in shown],
            version=stored.version,
            round=stored.round,
            next_cursor=str(shown[-1].correction.version) if len(rows) > limit else None,
        )

    stored = await run_in_threadpool(read)
    response.headers["ETag"] = editions.etag(stored.round, stored.version)
    return await owned.layered(stored, page)


@router.get(
    "/recordings/{recording_id}/corrections/versions",
    summary="List the changes of the corrections of a recording",
    dependencies=[Depends(only_known)],
    **operation(Scope.READ, answers={**MISSING, 422: "A parameter is invalid."}),
)
def list_versions(
    request: Request, recording_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> VersionPage:
    with db.pooled() as connection:
        found = owned.recording(connection, _tenant(request), recording_id)
        rows = corrections.versions(connection, found.id, int(cursor or 0), limit + 1)
    page = rows[:limit]
    return VersionPage(
        versions=[VersionInfo(**each.model_dump()) for each in page],
        next_cursor=str(page[-1].version) if len(rows) > limit else None,
    )


@router.post(
    "/recordings/{recording_id}/corrections",
    summary="Correct the report of a recording",
    status_code=201,
    **_MADE,
)
async def correct(
    request: Request,
    response: Response,
    recording_id: UUID,
    change: Annotated[Change, Body(discriminator="kind", examples=EXAMPLES)],
    if_match: IfMatch = None,
) -> MadeCorrection:
    """Corrections are a layer over the answers of the analyses, which stay readable. The next
    round of analyses keeps a correction where it still fits, and otherwise says so: a `conflict`,
    with both values."""
    do = partial(changes.make, change=change)
    done, about = await _changed(request, response, recording_id, if_match, do)
    if not done.changed:
        response.status_code = 200
    return MadeCorrection(
        correction=about[0] if about else None,
        remembered=done.remembered,
        **done.edition._asdict(),
    )


@router.delete(
    "/recordings/{recording_id}/corrections/{correction_id:uuid}",
    summary="Undo a correction",
    **operation(Scope.WRITE, answers=CHANGE),
)
async def undo(
    request: Request,
    response: Response,
    recording_id: UUID,
    correction_id: UUID,
    if_match: IfMatch = None,
) -> ChangedCorrections:
    """What was there before is shown: an earlier correction, or the answer."""
    do = partial(changes.undo, correction_id=correction_id)
    done, about = await _changed(request, response, recording_id, if_match, do)
    return ChangedCorrections(corrections=about, **done.edition._asdict())


@router.post(
    "/recordings/{recording_id}/corrections/{correction_id}/redo",
    summary="Apply a correction that was undone again",
    **operation(Scope.WRITE, answers=CHANGE),
)
async def redo(
    request: Request,
    response: Response,
    recording_id: UUID,
    correction_id: UUID,
    if_match: IfMatch = None,
) -> ChangedCorrections:
    do = partial(changes.redo, correction_id=correction_id)
    done, about = await _changed(request, response, recording_id, if_match, do)
    return ChangedCorrections(corrections=about, **done.edition._asdict())


@router.post(
    "/recordings/{recording_id}/corrections/revert",
    summary="Undo all corrections of a turn, or of a recording",
    **operation(Scope.WRITE, answers=CHANGE),
)
async def revert(
    request: Request,
    response: Response,
    recording_id: UUID,
    wanted: Revert,
    if_match: IfMatch = None,
) -> ChangedCorrections:
    """The answers of the analyses are shown again."""
    do = partial(changes.revert, turn=wanted.turn, kinds=wanted.kinds)
    done, about = await _changed(request, response, recording_id, if_match, do)
    return ChangedCorrections(corrections=about, **done.edition._asdict())


async def _changed(
    request: Request,
    response: Response,
    recording_id: UUID,
    if_match: str | None,
    do: Do,
) -> tuple[Corrected, list[CorrectionInfo]]:
    """What has changed, and the corrections that it was about."""
    caller: Caller = request.state.caller

    def change() -> tuple[Corrected, list[CorrectionInfo]]:
        with db.pooled() as connection:
            found = owned.recording(connection, caller.tenant, recording_id)
            with editions.answered():
                expected = editions.expected(if_match)
                done = do(connection, found.id, expected=expected, token=caller.token)
        return done, [info(done.layered.draft, each) for each in done.about]

    done, about = await CHANGES.run(change)
    response.headers["ETag"] = editions.etag(*done.edition)
    return done, about


def _tenant(request: Request) -> str:
    caller: Caller = request.state.caller
    return caller.tenant
