"""Requests of other programs as ``IngestRequest``: from the fields of a form, or from JSON."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from earshot.analysis.pii.kinds import KINDS
from earshot.analysis.request import (
    Address,
    FileName,
    IngestRequest,
    Profile,
    Redact,
    check_names,
)
from earshot.analysis.roles import Direction, RecorderName, Role
from earshot.analysis.topics.glossary import GlossaryName
from earshot.analysis.types import Frozen, SpeakerCount
from earshot.analysis.words.languages import Language
from earshot.audio.store.source import check_offered
from earshot.pipeline.topics.glossaries import check_name
from earshot.settings import settings
from gateway.door import SMALL_BYTES
from gateway.multipart import refused
from gateway.problems import Problem
from gateway.uploads import Form

FIELDS = (
    "profile",
    "recorder",
    "direction",
    "language",
    "speakers",
    "glossary",
    "force",
    "accept_truncated",
    "redact",
)
MANY = ("roles", "analyses")
REDACT = (
    "Remove personal data from words and sound: `true`, or kinds with commas between them.",
    f"true|false|({'|'.join(KINDS)})(,({'|'.join(KINDS)}))*",
)
"""Description and pattern of the field of a form."""
SPEAKERS = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")


class ByUri(Frozen):
    """A recording that lies below one of ``EARSHOT_ROOTS``; the fields of ``ingest.recording``."""

    uri: Address
    file_name: FileName | None = None
    analyses: Annotated[tuple[str, ...], Field(max_length=64)] | None = None
    profile: Profile = "full"
    roles: Annotated[tuple[Role, ...], Field(max_length=8)] | None = None
    recorder: RecorderName | None = None
    direction: Direction | None = None
    language: Language | None = None
    speakers: SpeakerCount | None = None
    glossary: GlossaryName | None = None
    force: Annotated[bool, Field(strict=True)] = False
    accept_truncated: Annotated[bool, Field(strict=True)] = False
    redact: Redact = None


async def by_uri(request: Request, tenant: str) -> IngestRequest:
    """The request in a JSON body.

    Raises:
        Problem: 413.
        RequestValidationError: 422.
        Forbidden: ``outside_roots``.
        Misconfigured: ``analyses``, ``glossary``.
    """
    body = bytearray()
    async for data in request.stream():
        body += data
        if len(body) > SMALL_BYTES:
            raise Problem(413, "too_large", f"The JSON is longer than {SMALL_BYTES} bytes.")
    try:
        asked = ByUri.model_validate_json(bytes(body))
    except ValidationError as error:
        raise invalid(error) from error
    config = settings()
    check_offered(asked.uri, config.roots, config.store_url)
    return checked({**asked.model_dump(), "tenant": tenant})


def by_form(form: Form, tenant: str, analyses: tuple[str, ...] | None = None) -> IngestRequest:
    """The request for the file of a form.

    Args:
        analyses: those to run, where the form has no such field.

    Raises:
        Problem: 422.
        RequestValidationError: 422.
        Misconfigured: ``analyses``, ``glossary``.
    """
    named = form.several("analyses")
    return checked(
        {
            "uri": form.file.uri or "file:///hashed",
            "file_name": form.name,
            "analyses": analyses if named is None else named,
            "profile": form.one("profile") or "full",
            "roles": form.several("roles"),
            "recorder": form.one("recorder"),
            "direction": form.one("direction"),
            "language": form.one("language"),
            "speakers": _speakers(form.one("speakers")),
            "glossary": form.one("glossary"),
            "force": form.flag("force", False),
            "accept_truncated": form.flag("accept_truncated", False),
            "redact": redaction(form.one("redact")),
            "tenant": tenant,
        }
    )


def checked(fields: Mapping[str, Any]) -> IngestRequest:
    """The request with these fields.

    Raises:
        RequestValidationError: a field is invalid.
        Misconfigured: ``analyses``, ``glossary``: there is none of that name.
    """
    try:
        asked = IngestRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from error
    if asked.analyses is not None:
        check_names(asked.analyses)
    check_name(asked.glossary)
    return asked


def invalid(error: ValidationError) -> RequestValidationError:
    """The error as FastAPI reports invalid bodies."""
    parts = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in parts])


def redaction(text: str | None) -> Redact:
    """``true``, ``false``, or kinds with commas between them, as a form or a command has them."""
    flags: dict[str | None, Redact] = {None: None, "": None, "true": True, "false": False}
    return flags[text] if text in flags else cast(Redact, tuple(str(text).split(",")))


def _speakers(text: str | None) -> dict[str, int] | None:
    if not text:
        return None
    found = SPEAKERS.fullmatch(text)
    if found is None:
        raise refused("invalid_field", "`speakers` is a number, or two: 2, or 2-4.")
    return {"min": int(found[1]), "max": int(found[2] or found[1])}
