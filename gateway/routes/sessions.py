"""Sessions: recordings as transcripts, with their audio."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.storage.postgres import db
from earshot.storage.postgres.tokens import Scope
from earshot.storage.redis import client as redis
from earshot.storage.redis import tickets
from gateway.door import Caller, Door, operation
from gateway.reading import audio, deleting, owned
from gateway.reading.deleting import Receipt
from gateway.reading.session import Session, session
from gateway.routes.recordings import DELETION, ID, MISSING
from gateway.routes.service import Ticket

router = APIRouter(route_class=Door, tags=["sessions"])

AUDIO = {
    **MISSING,
    **ID,
    409: "The recording is not decoded.",
    410: "The recording was deleted, or its audio (`audio_expired`).",
    416: "The range lies behind the end.",
}
SENT: dict[int, dict[str, Any]] = {
    status: {
        "description": meaning,
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    }
    for status, meaning in ((200, "The whole file."), (206, "The range."))
}
SENT[304] = {"description": "It is what `If-None-Match` names."}
HEADERS = [
    {
        "name": "Range",
        "in": "header",
        "required": False,
        "description": "One range of bytes; several are answered with the whole file.",
        "schema": {"type": "string"},
        "example": "bytes=0-43",
    }
]


@router.get(
    "/sessions/{session_id}",
    summary="The transcript of a recording: segments with speaker, text and emotion",
    **operation(Scope.READ, answers={**MISSING, **ID, 409: "There is no transcript (yet)."}),
)
async def get_session(request: Request, session_id: UUID) -> Session:
    caller: Caller = request.state.caller
    found, stored = await run_in_threadpool(owned.stored, caller.tenant, session_id)
    return await owned.layered(stored, lambda: session(found, stored.report()))


@router.delete(
    "/sessions/{session_id}",
    summary="Delete a session: the recording with all its data",
    **DELETION,
)
async def delete_session(
    request: Request,
    response: Response,
    session_id: UUID,
    search: Annotated[
        bool, Query(description="Search every store for the id; else upkeep does so later.")
    ] = True,
) -> Receipt:
    """As `DELETE /recordings/{id}`."""
    return await deleting.answered(request, response, session_id, search=search)


_READ = operation(Scope.READ, answers=AUDIO, parameters=HEADERS)
_READ["responses"] |= SENT


@router.get(
    "/sessions/{session_id}/audio",
    summary="The audio of a session as WAV, with ranges",
    response_class=Response,
    **_READ,
)
async def get_audio(request: Request, session_id: UUID) -> Response:
    """PCM16 at a constant rate, so that a byte is a time: what players show stays in step with the
    sound."""
    return await _audio(request, session_id, head=False)


@router.head(
    "/sessions/{session_id}/audio",
    summary="Length of the audio of a session",
    response_class=Response,
    **_READ,
)
async def head_audio(request: Request, session_id: UUID) -> Response:
    return await _audio(request, session_id, head=True)


@router.post(
    "/sessions/{session_id}/audio-ticket",
    status_code=201,
    summary="A ticket for the audio of a session, for clients that cannot send headers",
    **operation(Scope.READ, answers={**MISSING, **ID}),
)
def audio_ticket(request: Request, session_id: UUID) -> Ticket:
    """`GET /sessions/{id}/audio?ticket=` takes it as often as it is used, for an hour, no other
    operation does, and it ends with its token."""
    caller: Caller = request.state.caller
    with db.pooled() as connection:
        owned.recording(connection, caller.tenant, session_id)
    path = f"/sessions/{session_id}/audio"
    issued = tickets.issue_for(redis.client(), caller._asdict(), path)
    return Ticket(ticket=issued, expires_in=tickets.PATH_VALID_SEC)


async def _audio(request: Request, session_id: UUID, *, head: bool) -> Response:
    caller: Caller = request.state.caller
    found, view = await run_in_threadpool(audio.view, caller.tenant, session_id)
    return audio.answer(found, view, request.headers, head=head)
