"""``POST /v1/audio/transcriptions``: as clients of OpenAI's API speak it."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from earshot.exports.subtitles import srt, vtt
from earshot.storage.postgres.tokens import Scope
from gateway import asking
from gateway.door import Caller, operation
from gateway.openai import described, stream, waiting
from gateway.openai.answers import Answer
from gateway.openai.errors import OpenAiDoor, bad_requests
from gateway.openai.options import FIELDS, MANY, Options, options
from gateway.openai.shapes import Diarized, Transcription, Verbose
from gateway.problems import request_id
from gateway.submitting import Accepted, accept, check_room
from gateway.uploads import received

router = APIRouter(route_class=OpenAiDoor, tags=["openai"])

OPERATION: dict[str, Any] = operation(
    Scope.WRITE,
    longest=None,
    answers={
        400: "The form cannot be read, or an option or its value is not taken.",
        404: "There is no such model.",
        408: "The rest of the request did not come.",
        410: "The recording was deleted meanwhile.",
        415: "No form.",
        422: "The file cannot be transcribed, or not all of it.",
        504: "Not finished within `EARSHOT_OPENAI_ANSWER_SEC`; `recording_id` says where it will"
        " be.",
    },
    requestBody={"required": True, "content": described.FORM},
)
OPERATION["responses"][200] = {"description": "The transcript.", "content": described.ANSWERS}


@router.post(
    "/v1/audio/transcriptions",
    summary="Transcribe a file, as OpenAI's clients ask for it",
    response_model=Transcription | Verbose | Diarized,
    **OPERATION,
)
async def transcriptions(request: Request) -> Response:
    """Set the client's base URL to `/v1` of this service, and its API key to a token. What a client
    asks for and this service cannot do is refused by name."""
    await run_in_threadpool(check_room)
    taken, asked = await _taken(request)
    work = waiting.finished(request, taken.id, asked)
    headers = {"X-Recording-ID": str(taken.id)}
    if asked.stream:
        return StreamingResponse(
            stream.events(work, asked, request_id(request)),
            headers={**headers, "Cache-Control": "no-cache"},
            media_type="text/event-stream",
        )
    answer = await waiting.first(
        asyncio.create_task(work), asyncio.create_task(waiting.left(request))
    )
    return await run_in_threadpool(_response, answer, asked, headers)  # of hours: seconds


async def _taken(request: Request) -> tuple[Accepted, Options]:
    caller: Caller = request.state.caller
    with bad_requests():
        async with received(request, FIELDS, MANY) as form:
            asked = options(form)
            wanted = asking.by_form(form, caller.tenant, asked.analyses)
            return await run_in_threadpool(accept, wanted, form), asked


def _response(answer: Answer, asked: Options, headers: dict[str, str]) -> Response:
    if asked.response_format == "text":
        return Response(f"{answer.text}\n", 200, headers, "text/plain")
    if asked.response_format == "srt":
        return Response(srt(answer.cues()), 200, headers, "text/plain")
    if asked.response_format == "vtt":
        return Response(vtt(answer.cues()), 200, headers, "text/vtt")
    body = answer.json(asked).model_dump_json(exclude_none=True)
    return Response(body, 200, headers, "application/json")
