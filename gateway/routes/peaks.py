"""``GET /recordings/{id}/peaks``: the waveform of a recording."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.storage.postgres.tokens import Scope
from gateway.door import Caller, Door, operation
from gateway.problems import Problem
from gateway.reading import peaks
from gateway.reading.audio import expired
from gateway.reading.filters import only_known
from gateway.reading.peaks import Drawn, NoPeaks
from gateway.routes.recordings import MISSING

router = APIRouter(route_class=Door, tags=["recordings"])

LONGEST_MS = 2**31 - 1
_READ = operation(
    Scope.READ,
    answers={
        **MISSING,
        409: "The recording is not decoded.",
        410: "The recording was deleted, or its audio (`audio_expired`).",
        422: "A parameter is invalid, or the part too long for one answer (`part_too_long`).",
    },
)
_SENT: dict[int, dict[str, Any]] = {304: {"description": "It is what `If-None-Match` names."}}
_READ["responses"] |= _SENT

Zoom = Annotated[
    int,
    Query(
        ge=0,
        le=2,
        description="0: at most 2000 pixels for the whole recording; 1: 100 ms a pixel; 2: 20 ms.",
    ),
]
Start = Annotated[int, Query(ge=0, le=LONGEST_MS, description="Of the part; rounded down.")]
End = Annotated[int | None, Query(ge=0, le=LONGEST_MS, description="Of the part; rounded up.")]


@router.get(
    "/recordings/{recording_id}/peaks",
    summary="Peaks of a recording, for drawing its waveform",
    response_model=Drawn,
    dependencies=[Depends(only_known)],
    **_READ,
)
async def get_peaks(
    request: Request, recording_id: UUID, zoom: Zoom = 0, start_ms: Start = 0, end_ms: End = None
) -> Response:
    """They are made when the recording is decoded, and for an older one by the first request."""
    return await _peaks(request, recording_id, zoom, (start_ms, end_ms), head=False)


@router.head(
    "/recordings/{recording_id}/peaks",
    summary="Length of the peaks of a recording",
    response_class=Response,
    dependencies=[Depends(only_known)],
    **_READ,
)
async def head_peaks(
    request: Request, recording_id: UUID, zoom: Zoom = 0, start_ms: Start = 0, end_ms: End = None
) -> Response:
    return await _peaks(request, recording_id, zoom, (start_ms, end_ms), head=True)


async def _peaks(
    request: Request, recording_id: UUID, zoom: int, part_ms: tuple[int, int | None], *, head: bool
) -> Response:
    caller: Caller = request.state.caller
    if part_ms[1] is not None and part_ms[1] <= part_ms[0]:
        raise Problem(422, "invalid_request", "query.end_ms: it is not behind `start_ms`")
    read = partial(
        peaks.answer, caller.tenant, recording_id, zoom, part_ms, request.headers, head=head
    )
    try:
        return await run_in_threadpool(read)
    except NoPeaks:
        await peaks.MAKING.run(partial(peaks.make, caller.tenant, recording_id))
    try:
        return await run_in_threadpool(read)
    except NoPeaks:
        raise expired() from None
