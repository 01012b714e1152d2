"""``POST /transcribe``: a file in, its segments out."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.analysis.words.languages import FORM as FORM_OF_LANGUAGE
from earshot.pipeline.releases import unnamed_language
from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.postgres.tokens import Scope
from gateway import asking, examples
from gateway.door import Caller, Door, operation
from gateway.problems import Problem
from gateway.reading import owned
from gateway.reading.session import Session, session
from gateway.submitting import Accepted, accept, check_room
from gateway.uploads import received

router = APIRouter(route_class=Door, tags=["sessions"])

FORM = {
    "language": examples.text(
        "BCP 47 language of the speech. Default: it is detected where the recogniser can do so,"
        " else `EARSHOT_LANGUAGE`.",
        FORM_OF_LANGUAGE,
    ),
    "diarize": examples.flag("Tell speakers apart; else all are `s0`.", True),
    "emotion": examples.flag("With the emotion of each segment; else it is null.", True),
    "redact": examples.text(*asking.REDACT),
}

OPERATION = operation(
    Scope.WRITE,
    longest=None,
    answers={
        400: "The form cannot be read.",
        408: "The rest of the request did not come.",
        410: "The recording was deleted meanwhile.",
        415: "No form.",
        422: "A field is invalid, or the file cannot be analysed.",
    },
    requestBody={
        "required": True,
        "content": examples.form(FORM, {"language": "en", "diarize": True, "emotion": True}),
    },
)
OPERATION["responses"][202] = {
    "model": Accepted,
    "description": "It takes longer: the session will be at `Location`.",
}


@router.post(
    "/transcribe",
    summary="Transcribe a file, with speakers and emotion",
    response_model=Session,
    **OPERATION,
)
async def transcribe(request: Request, response: Response) -> Session | Response:
    """Waits up to `EARSHOT_ANSWER_SEC` for the session; only what it needs is analysed."""
    caller: Caller = request.state.caller
    await run_in_threadpool(check_room)
    async with received(request, FORM) as form:
        diarize, emotion = form.flag("diarize", True), form.flag("emotion", True)
        analyses = ("asr", *["diarization"] * diarize, *["emotion"] * emotion)
        asked = asking.by_form(form, caller.tenant, analyses)
        if asked.language is None:
            asked = asked.model_copy(update={"language": await run_in_threadpool(_language)})
        answer = await run_in_threadpool(accept, asked, form)
    waiting, sec = request.app.state.waiting, settings().answer_sec
    found = await owned.finished(waiting, caller.tenant, answer.id, sec)
    if found is None:
        return Response(
            answer.model_dump_json(),
            202,
            {"Location": answer.links["session"], "Retry-After": "5"},
            "application/json",
        )
    response.headers["Location"] = f"/sessions/{found.id}"
    if found.error_code is not None:
        raise Problem(422, found.error_code, f"{found.error_detail}", recording_id=str(found.id))
    stored = await run_in_threadpool(owned.kept, found.id)
    return await owned.layered(
        stored, lambda: session(found, stored.report(), diarize=diarize, emotion=emotion)
    )


def _language() -> str:
    with db.pooled() as connection:
        return unnamed_language(connection)
