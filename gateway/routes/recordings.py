"""Recordings of the caller's tenant: list, search, state, report, deletion."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from earshot.analysis.quality import RecordingQuality
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.storage.postgres import db, listing, recordings
from earshot.storage.postgres.listing import Listed, Place, Wanted
from earshot.storage.postgres.tokens import Scope
from gateway import examples
from gateway.door import Caller, Door, operation
from gateway.few import Few
from gateway.problems import Problem
from gateway.reading import cursors, deleting, owned
from gateway.reading.deleting import Receipt
from gateway.reading.editions import etag
from gateway.reading.filters import only_known
from gateway.submitting import links

router = APIRouter(route_class=Door, tags=["recordings"])

MOST = 200
"""Recordings on a page."""
SEARCHES = Few(3)
"""A search for what is said often reads much."""
ROLE = "^[a-z][a-z0-9_]{0,31}$"
ID = {422: "The id is no UUID."}
MISSING = {404: "There is no such recording.", 410: "It was deleted."}
Layer = Annotated[
    Literal["corrected", "model"],
    Query(description="With the corrections by people, or as the analyses answered."),
]
LISTED: dict[str, Any] = {
    "id": examples.ID,
    "state": "complete",
    "file_name": "call.wav",
    "language": "en",
    "analyses": ["scene", "asr"],
    "duration_ms": 61_320,
    "channels": 2,
    "error_code": None,
    "error_detail": None,
    "created_at": "2026-05-04T09:30:00.123456Z",
    "finished_at": "2026-05-04T09:30:08.123456Z",
}


DELETION = operation(Scope.WRITE, answers={**MISSING, **ID, 409: "It is on legal hold."})
DELETION["responses"][202] = {
    "model": Receipt,
    "description": "A part could not be removed yet; upkeep tries again.",
}
_REPORT = operation(Scope.READ, answers={**MISSING, **ID, 409: "There is no report (yet)."})
_REPORT["responses"][200] = {"content": {"application/json": {"example": examples.REPORT}}}


class RecordingPage(BaseModel):
    """A part of a list, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"recordings": [LISTED], "next_cursor": None}]}
    )

    recordings: list[Listed]
    next_cursor: str | None = Field(description="Send it as `cursor`; null at the end.")


class ChunkCounts(BaseModel):
    """How far the present round of analyses is: chunks of that round."""

    chunks_total: int
    chunks_merged: int


class RecordingStatus(Listed):
    """A recording and its state."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **LISTED,
                    "round": 1,
                    "progress": {"chunks_total": 4, "chunks_merged": 4},
                    "roles": ["agent", "customer"],
                    "native_rate": 8000,
                    "container": "wav",
                    "codec": "pcm_s16le",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "notes": [],
                    "quality": None,
                    "links": examples.LINKS,
                }
            ]
        },
    )

    round: int = Field(description="1 unless analyses were asked for again.")
    progress: ChunkCounts
    roles: tuple[str, ...]
    native_rate: int | None = Field(description="Sample rate of the file, Hz.")
    container: str | None
    codec: str | None
    sha256: str | None = Field(description="Of the file's bytes.")
    notes: tuple[str, ...]
    quality: RecordingQuality | None
    links: dict[str, str]


@router.get(
    "/recordings",
    summary="List and search recordings, newest first",
    dependencies=[Depends(only_known)],
    **operation(Scope.READ, answers={422: "A parameter is invalid."}),
)
async def list_recordings(
    request: Request,
    response: Response,
    state: RecordingState | None = None,
    language: Annotated[str | None, Query(max_length=35)] = None,
    since: Annotated[AwareDatetime | None, Query(description="First time of submission.")] = None,
    until: Annotated[
        AwareDatetime | None, Query(description="End of those times, excluded.")
    ] = None,
    text: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Part of a file name, or of what is said."),
    ] = None,
    label: Annotated[
        str | None,
        Query(min_length=1, max_length=100, description="A label in the report, of any analysis."),
    ] = None,
    role: Annotated[str | None, Query(pattern=ROLE, description="Role of a channel.")] = None,
    sha256: Annotated[
        str | None,
        Query(pattern="^[0-9A-Fa-f]{64}$", description="Of the file: what is stored already."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> RecordingPage:
    caller: Caller = request.state.caller
    known = sha256.lower() if sha256 else None
    wanted = Wanted(state, language, since, until, text, label, role, known)
    after = cursors.place(cursor) if cursor else None
    if "\x00" in f"{language}{text}{label}":
        raise Problem(422, "invalid_text", "A parameter holds the character NUL.")

    def page() -> list[Listed]:
        with db.pooled() as connection:
            return listing.page(connection, caller.tenant, wanted, after, limit + 1)

    found = await (SEARCHES.run if text else run_in_threadpool)(page)
    rows, more = found[:limit], len(found) > limit
    following = cursors.cursor(Place(rows[-1].created_at, rows[-1].id)) if more else None
    if following:
        url = request.url.remove_query_params("ticket").include_query_params(cursor=following)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return RecordingPage(recordings=rows, next_cursor=following)


@router.get(
    "/recordings/{recording_id:uuid}",  # there are other things under this address
    summary="State, progress and facts of a recording",
    **operation(Scope.READ, answers=MISSING),
)
def recording(request: Request, recording_id: UUID) -> RecordingStatus:
    """An upload of content that the tenant has stored already is answered with that recording, and
    its `id`."""
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        found = owned.recording(connection, caller.tenant, recording_id)
        progress = recordings.progress(connection, [found.id]).get(found.id)
    merged, total = (progress.chunks_merged, progress.chunks_total) if progress else (0, 0)
    return RecordingStatus(
        **found.model_dump(include=set(RecordingStatus.model_fields)),
        progress=ChunkCounts(chunks_merged=merged, chunks_total=total),
        links=links(found.id),
    )


@router.get(
    "/recordings/{recording_id}/report",
    summary="The report of a recording",
    response_model=Report,
    **_REPORT,
)
async def report(
    request: Request,
    recording_id: UUID,
    layer: Layer = "corrected",
) -> Response:
    """`ETag` names the round and the version of the corrections: send it as `If-Match` to correct
    this report."""
    caller: Caller = request.state.caller
    _, stored = await run_in_threadpool(owned.stored, caller.tenant, recording_id)

    def answer() -> Response:
        body = stored.report() if layer == "corrected" else stored.body
        return JSONResponse(body, headers={"ETag": etag(stored.round, stored.version)})

    return await owned.layered(stored, answer)


@router.delete(
    "/recordings/{recording_id:uuid}",
    summary="Delete a recording with all its data",
    **DELETION,
)
async def delete(
    request: Request,
    response: Response,
    recording_id: UUID,
    search: Annotated[
        bool, Query(description="Search every store for the id; else upkeep does so later.")
    ] = True,
) -> Receipt:
    """Rows, audio, uploads, staged results, exports, events and stored answers go, and
    `recording.deleted` is published. The status is 202 while a part could not be removed yet;
    upkeep tries again, and the receipt stays at `/deletions/{id}`."""
    return await deleting.answered(request, response, recording_id, search=search)


@router.get(
    "/deletions/{recording_id}",
    summary="The receipt of a deletion",
    **operation(
        Scope.READ,
        answers={404: "No recording with this id was deleted.", **ID},
    ),
)
def deletion(request: Request, recording_id: UUID) -> Receipt:
    caller: Caller = request.state.caller
    return deleting.receipt(caller.tenant, recording_id)
