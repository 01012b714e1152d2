"""Reports as files of other programs."""

from pathlib import PurePath
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from earshot.analysis.printable import file_name
from earshot.exports.formats import exported
from earshot.exports.kinds import MEDIA_TYPES, SUFFIXES, Format
from earshot.storage.postgres.tokens import Scope
from gateway import examples
from gateway.door import Caller, Door, operation
from gateway.problems import Problem
from gateway.reading import owned
from gateway.reading.editions import etag
from gateway.routes.recordings import MISSING, Layer

router = APIRouter(route_class=Door, tags=["recordings"])

_TEXTS = sorted(
    {each for each in MEDIA_TYPES.values() if each.startswith(("text/", "application/x-"))}
)
_EXPORT = operation(
    Scope.READ,
    answers={
        **MISSING,
        409: "There is no report (yet).",
        422: "The id is no UUID, there is no such format, or `excel` is asked of another than CSV.",
    },
)
_CONTENT: dict[str, Any] = {
    "application/json": {"schema": {"type": "object"}, "example": examples.REPORT},
    **{each: {"schema": {"type": "string"}} for each in _TEXTS},
    MEDIA_TYPES["parquet"]: {"schema": {"type": "string", "format": "binary"}},
}
_EXPORT["responses"][200] = {"description": "The file, in UTF-8.", "content": _CONTENT}


@router.get(
    "/recordings/{recording_id}/export",
    summary="The report of a recording as a file of another format",
    response_class=Response,
    **_EXPORT,
)
async def export(
    request: Request,
    recording_id: UUID,
    format_: Annotated[
        Format,
        Query(
            alias="format",
            description="The report, subtitles (SubRip, WebVTT), a transcript, who spoke when (RTTM"
            " of NIST, TextGrid of Praat), a row of a table (CSV, Parquet), or the shape of Amazon"
            " Transcribe's Call Analytics.",
        ),
    ],
    layer: Layer = "corrected",
    excel: Annotated[
        bool,
        Query(
            description="Of CSV: with a byte order mark, and an apostrophe before a text that a"
            " spreadsheet would calculate."
        ),
    ] = False,
) -> Response:
    """`Content-Disposition` has a file name; `ETag` is that of the report."""
    if excel and format_ != "csv":
        raise Problem(422, "excel_without_csv", "`excel` is of the format `csv` alone.")
    caller: Caller = request.state.caller
    found, stored = await run_in_threadpool(owned.stored, caller.tenant, recording_id)
    headers = {
        "Content-Disposition": _attachment(found.file_name, SUFFIXES[format_]),
        "ETag": etag(stored.round, stored.version),
    }

    def answer() -> Response:
        body = stored.report() if layer == "corrected" else stored.body
        content = exported([body], format_, excel=excel)
        return Response(content, 200, headers, MEDIA_TYPES[format_])

    return await owned.layered(stored, answer)


def _attachment(name: str, suffix: str) -> str:
    """The header's value (RFC 6266), for clients that read the encoded name and others."""
    whole = f"{file_name(PurePath(name).stem) or 'recording'}.{suffix}"
    plain = "".join(
        each if (each.isalnum() and each.isascii()) or each in " ._-" else "_" for each in whole
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
