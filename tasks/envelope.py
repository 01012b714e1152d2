"""What a message must look like before a worker takes it: Celery's protocol, JSON, a task of ours, arguments of its type."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from kombu.utils import json
from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from analysis.request import IngestRequest
from analysis.types import Batch, Job

Word = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]
"""Printable, without spaces: it is written to logs."""
Seconds = Annotated[float, Field(gt=0)]

ARGUMENT: dict[str, TypeAdapter[Any]] = {
    "ingest": TypeAdapter(IngestRequest),
    "analyze": TypeAdapter(Job),
    "merge": TypeAdapter(Batch),
    "finalize": TypeAdapter(UUID),
}
"""The type of a task's one argument, by what its name begins with."""

# What the decoders behind Celery's JSON raise on strange input: not JSON, not of the type it says it is, or nested too deeply.
UNREADABLE = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Headers(BaseModel):
    """Those that Celery's worker computes with, in protocol 2."""

    id: Word
    task: Word
    shadow: Word | None = None
    retries: int | None = None
    eta: datetime | None = None
    expires: datetime | None = None
    timelimit: tuple[Seconds | None, Seconds | None] | None = None
    group: Word | None = None
    root_id: Word | None = None
    parent_id: Word | None = None
    compression: None = None


class DeliveryInfo(BaseModel):
    """Where the message goes again when its worker dies."""

    exchange: str
    routing_key: str


class Properties(BaseModel):
    """Those that kombu's Redis transport cannot do without."""

    delivery_tag: Word
    delivery_info: DeliveryInfo
    body_encoding: Literal["base64"]


class Envelope(BaseModel):
    """A message as it lies in a queue."""

    body: str
    content_type: str = Field(validation_alias=AliasChoices("content-type"))
    content_encoding: Literal["utf-8"] = Field(validation_alias=AliasChoices("content-encoding"))
    headers: Headers
    properties: Properties


class Body(NamedTuple):
    """Arguments and what is to happen afterwards, in protocol 2."""

    args: list[Any]
    kwargs: dict[str, Any]
    embed: dict[str, Any]


BODY: TypeAdapter[Body] = TypeAdapter(Body)


class Refusal(NamedTuple):
    """Why a message is not taken. ``sender_waits_for`` is the task id whose result says so, if the message has one."""

    reason: Literal["not_json", "not_an_envelope", "content_type", "body", "unknown_task", "arguments", "schema"]
    detail: str
    sender_waits_for: str | None = None


def refusal(message: bytes, signature_of: Callable[[str], Callable[..., object] | None]) -> Refusal | None:
    """None for a message that can be worked on.

    Args:
        signature_of: a function with the parameters of the named task, which does nothing; None for an unknown task.
    """
    try:
        parsed = json.loads(message)
    except UNREADABLE as error:
        return Refusal("not_json", one_line(error))
    try:
        envelope = Envelope.model_validate(parsed)
    except ValidationError as error:
        return Refusal("not_an_envelope", one_line(error))
    headers = envelope.headers
    if envelope.content_type != "application/json":
        return Refusal("content_type", f"{envelope.content_type[:80]!r}; only application/json is taken", headers.id)
    try:
        args, kwargs, _ = BODY.validate_python(json.loads(base64.b64decode(envelope.body, validate=True)))
    except UNREADABLE as error:
        return Refusal("body", one_line(error), headers.id)
    signature = signature_of(headers.task)
    if signature is None:
        return Refusal("unknown_task", headers.task, headers.id)
    return _misfit(headers, signature, args, kwargs)


def _misfit(headers: Headers, signature: Callable[..., object], args: list[Any], kwargs: dict[str, Any]) -> Refusal | None:
    try:
        signature(*args, **kwargs)
    except TypeError as error:
        return Refusal("arguments", one_line(error), headers.id)
    adapter = ARGUMENT.get(headers.task.partition(".")[0])
    try:
        if adapter is not None:
            adapter.validate_python(next(iter((*args, *kwargs.values()))))
    except ValidationError as error:
        return Refusal("schema", f"{headers.task} refuses its argument: {one_line(error)}", headers.id)
    return None


def one_line(error: BaseException) -> str:
    """What is wrong, without line breaks or control characters, however strange the message."""
    text = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        text = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    return "".join(each if each.isprintable() else " " for each in text)[:300] or type(error).__name__
