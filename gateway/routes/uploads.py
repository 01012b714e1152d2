"""Uploads in pieces, by tus 1.0.0."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from earshot.storage.postgres.tokens import Scope
from earshot.storage.postgres.uploads import Upload
from gateway.door import Caller, Door, operation
from gateway.problems import Problem
from gateway.resumable import upload as resumable
from gateway.submitting import links

router = APIRouter(route_class=Door, tags=["uploads"])

MEDIA_TYPE = "application/offset+octet-stream"
GONE = {404: "There is no such upload (any more).", 422: "The id is no UUID."}


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


TUS = _header("Tus-Resumable", "Version of the protocol.", resumable.VERSION)
VERSION = {412: "Another version of the protocol."}


class UploadState(BaseModel):
    """An upload in pieces."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "3d1f3c52-6a0e-4f0c-9b57-2f4c8f4f6a11",
                    "offset": 1_048_576,
                    "length": 9_437_184,
                    "file_name": "call.wav",
                    "expires_at": "2026-05-05T09:30:00Z",
                    "recording_id": None,
                    "links": None,
                }
            ]
        }
    )

    id: UUID
    offset: int = Field(description="Bytes that are stored.")
    length: int
    file_name: str
    expires_at: datetime
    recording_id: UUID | None = Field(description="Once it is complete.")
    links: dict[str, str] | None = Field(description="Of that recording.")


@router.post(
    "/uploads",
    summary="Begin an upload that may come in pieces",
    status_code=201,
    response_class=Response,
    **operation(
        Scope.WRITE,
        answers={
            **VERSION,
            413: "Longer than `EARSHOT_MAX_UPLOAD_MB` allows.",
            422: "The length or a field is invalid.",
            429: "Too many requests, or too many unfinished uploads (`too_many_uploads`).",
            501: "The audio store is neither local nor of S3: upload in one request.",
        },
        parameters=[
            TUS,
            _header("Upload-Length", "Size of the file, bytes.", "9437184"),
            {
                **_header(
                    "Upload-Metadata",
                    "`filename` and the fields of `POST /recordings`, each with its value as"
                    " base64, with commas between.",
                    "filename Y2FsbC53YXY=,language ZW4=",
                ),
                "required": False,
            },
        ],
    ),
)
async def create(request: Request) -> Response:
    """tus 1.0.0 with creation, termination and expiration. Fields are judged before a byte is
    sent. The upload stands at its `Location`."""
    caller: Caller = request.state.caller
    headers = request.headers
    resumable.check_version(headers.get("tus-resumable"))
    make = partial(
        resumable.create,
        caller.tenant,
        headers.get("upload-length"),
        headers.get("upload-metadata", ""),
    )
    made = await run_in_threadpool(make)
    about = {**resumable.about(made), "Location": f"/uploads/{made.id}"}
    return Response(status_code=201, headers=about)


@router.head(
    "/uploads/{upload_id}",
    summary="How far an upload is",
    response_class=Response,
    **operation(Scope.WRITE, answers={**GONE, **VERSION}, parameters=[TUS]),
)
def head(request: Request, upload_id: UUID) -> Response:
    """`Upload-Offset` is the byte at which to continue."""
    caller: Caller = request.state.caller
    resumable.check_version(request.headers.get("tus-resumable"))
    return Response(headers=resumable.about(resumable.find(caller.tenant, upload_id)))


@router.patch(
    "/uploads/{upload_id}",
    summary="Send a piece of an upload",
    status_code=204,
    response_class=Response,
    **operation(
        Scope.WRITE,
        longest=None,
        answers={
            **GONE,
            **VERSION,
            400: "The connection ended.",
            408: "The rest of the piece did not come.",
            409: "The upload stands at another byte (`offset_mismatch`, with `offset`), or another"
            " request continues it.",
            415: f"Not {MEDIA_TYPE}.",
        },
        parameters=[TUS, _header("Upload-Offset", "Byte at which the piece begins.", "0")],
        requestBody={
            "required": True,
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
    ),
)
async def patch(request: Request, upload_id: UUID) -> Response:
    """The last piece submits the file as `POST /recordings` does; `X-Recording-ID` names the
    recording."""
    caller: Caller = request.state.caller
    resumable.check_version(request.headers.get("tus-resumable"))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise Problem(415, "unsupported_media_type", f"Send {MEDIA_TYPE}.")
    offset = request.headers.get("upload-offset", "")
    if not (offset.isascii() and offset.isdigit()) or len(offset) > 18:
        raise Problem(422, "invalid_offset", "`Upload-Offset` is the first byte of the piece.")
    written = await resumable.write(request, caller.tenant, upload_id, int(offset))
    found = await run_in_threadpool(resumable.submitted, caller.tenant, written)
    return Response(status_code=204, headers=resumable.about(found))


@router.get(
    "/uploads/{upload_id}",
    summary="State of an upload, and its recording",
    **operation(Scope.WRITE, answers=GONE),
)
def get(request: Request, response: Response, upload_id: UUID) -> UploadState:
    """For a client that lost the answer to its last piece; a complete upload is submitted if it was
    not."""
    caller: Caller = request.state.caller
    found = resumable.submitted(caller.tenant, resumable.find(caller.tenant, upload_id))
    response.headers.update(resumable.about(found))
    return _state(found)


def _state(found: Upload) -> UploadState:
    return UploadState(
        id=found.id,
        offset=found.reach,
        length=found.length,
        file_name=found.request.file_name or "",
        expires_at=found.expires_at,
        recording_id=found.recording_id,
        links=links(found.recording_id) if found.recording_id else None,
    )


@router.delete(
    "/uploads/{upload_id}",
    summary="Give up an upload",
    status_code=204,
    response_class=Response,
    **operation(Scope.WRITE, answers={**GONE, **VERSION}, parameters=[TUS]),
)
def delete(request: Request, upload_id: UUID) -> Response:
    """Its bytes are removed, unless it was submitted: then the recording stays."""
    caller: Caller = request.state.caller
    resumable.check_version(request.headers.get("tus-resumable"))
    resumable.remove(caller.tenant, upload_id)
    return Response(status_code=204, headers={"Tus-Resumable": resumable.VERSION})
