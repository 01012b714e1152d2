"""``POST /recordings``: takes recordings in, as uploads or by their URI."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.analysis.roles import recorders
from earshot.analysis.words.languages import FORM as FORM_OF_LANGUAGE
from earshot.registry import nameable
from earshot.storage.postgres.tokens import Scope
from gateway import asking, examples, keys
from gateway.door import Caller, Door, operation
from gateway.problems import Problem
from gateway.submitting import Accepted, accept, check_room
from gateway.uploads import received

router = APIRouter(route_class=Door, tags=["recordings"])

NAMES = "|".join(nameable())
ROLE = "[a-z][a-z0-9_]{0,31}"
GLOSSARY = "[a-z0-9][a-z0-9_-]{0,31}"
FORM = {
    "analyses": examples.text(
        "Names of analyses, with commas between; default: those of the profile.",
        f"({NAMES})(,({NAMES}))*",
    ),
    "profile": examples.text(
        "`full`, the default: all analyses; `live`: all but scene and emotion.", "full|live"
    ),
    "roles": examples.text(
        "Role of each channel; empty: the channels are mixed to one.",
        f"({ROLE}(,{ROLE}){{0,7}})?",
    ),
    "recorder": examples.text(
        "The recorder that made the file, instead of `roles`.", "|".join(recorders())
    ),
    "direction": examples.text(
        "Of the call, where the roles of the recorder depend on it.", "inbound|outbound"
    ),
    "language": examples.text("BCP 47 language of the speech; `und`: detect it.", FORM_OF_LANGUAGE),
    "speakers": examples.text(
        "Number of speakers, or the least and the most: `2`, `2-4`.", "[1-9]|[1-9]-(9|[12][0-9])"
    ),
    "glossary": examples.text("Name of the glossary whose topics are looked for.", GLOSSARY),
    "force": examples.flag("Analyse content that is stored already.", False),
    "accept_truncated": examples.flag("Analyse the part of a file that is there.", False),
    "redact": examples.text(*asking.REDACT),
}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        **examples.form(FORM, {"roles": "agent,customer", "language": "en"}),
        "application/json": {
            "schema": examples.inlined(asking.ByUri),
            "example": {"uri": "s3://calls/2026/7.wav", "analyses": ["scene", "asr"]},
        },
    },
}


@router.post(
    "/recordings",
    summary="Submit a recording: upload it, or name its URI",
    status_code=202,
    response_model=Accepted,
    **operation(
        Scope.WRITE,
        longest=None,
        answers={
            400: "The form or the key cannot be read.",
            408: "The rest of the request did not come.",
            403: "The scope does not include this, or the URI lies outside the configured roots.",
            409: "A request with this key is still running.",
            415: "Neither a form nor JSON.",
            422: "A field is invalid, or the key belongs to another request.",
        },
        requestBody=BODY,
        parameters=[keys.PARAMETER],
    ),
)
async def submit(request: Request, response: Response) -> Accepted:
    """The file is stored while it is hashed, and analysed by the queue; follow the recording at its
    `Location`. The same content is analysed once a tenant: its id may later stand for the stored
    recording."""
    caller: Caller = request.state.caller
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "multipart/form-data"):
        raise Problem(
            415, "unsupported_media_type", "Send multipart/form-data, or application/json."
        )
    async with keys.held(caller.tenant, request.headers.get(keys.HEADER)) as key:
        if key.is_new:
            await run_in_threadpool(check_room)
        if kind == "application/json":
            asked = await asking.by_uri(request, caller.tenant)
            answer = await run_in_threadpool(accept, asked, None, key)
        else:
            async with received(
                request, asking.FIELDS, asking.MANY, stored=key.is_new, alive=key.alive
            ) as form:
                asked = asking.by_form(form, caller.tenant)
                answer = await run_in_threadpool(accept, asked, form, key)
    response.headers["Location"] = answer.links["recording"]
    if not key.is_new:
        response.headers["Idempotency-Replayed"] = "true"
    return answer
