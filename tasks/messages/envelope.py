"""Validation of messages before a worker takes them: Celery's protocol, JSON, a known task,
arguments of its type.

Accepted messages are serialised anew from the validated types: no unknown header, property or
option reaches Celery, however a later version of it would read one. Senders may add fields, as
tracing does; they are dropped.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from earshot.analysis.printable import on_one_line
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Batch, Job
from earshot.analysis.urls import masked
from earshot.settings import settings
from tasks.messages.embeds import (
    Embed,
    Eta,
    Expires,
    Position,
    Priority,
    Retries,
    Service,
    Text,
    Word,
)

ARGUMENT: dict[str, TypeAdapter[Any]] = {
    "ingest": TypeAdapter(IngestRequest),
    "analyze": TypeAdapter(Job),
    "merge": TypeAdapter(Batch),
    "finalize": TypeAdapter(UUID),
}
"""The type of a task's one argument, by the prefix of its name."""

UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError)
"""Exceptions of invalid input: not JSON, not of its type, or nested too deeply."""

MOST_BYTES = 256 << 10
"""Maximum size of a message: the largest of ours, a merge of 64 chunks, has 10 kB."""
MOST_JOB_BYTES = 16 << 20
"""Maximum size of a job, which contains the speech intervals: 80 bytes an utterance, as many as a
``ChunkRef`` may have."""
MOST_KEYS = 256
"""Maximum keys of one object in a message: each unknown one is recorded before the object is
refused."""
MOST_DETAIL = 300


# Senders may have another limit, as while settings are changed pool by pool; this worker's own is
# the longest that counts here.
HardLimit = Annotated[
    float,
    Field(ge=1, allow_inf_nan=False),
    AfterValidator(lambda sec: min(sec, settings().task_time_limit_sec)),
]
SoftLimit = Annotated[
    float,
    Field(ge=1, allow_inf_nan=False),
    AfterValidator(lambda sec: min(sec, settings().task_soft_limit_sec)),
]


class Headers(BaseModel):
    """Accepted headers of protocol 2. Others that Celery reads are dropped: stamps, ``groups`` and
    all that only its own workers write."""

    id: Word
    task: Word
    shadow: Word | None = None
    retries: Retries | None = None
    eta: Eta | None = None
    expires: Expires | None = None
    timelimit: tuple[HardLimit | None, SoftLimit | None] | None = None
    group: Word | None = None
    group_index: Position | None = None
    root_id: Word | None = None
    parent_id: Word | None = None
    argsrepr: Annotated[str, Field(max_length=4096), AfterValidator(masked)] | None = None
    kwargsrepr: Annotated[str, Field(max_length=4096), AfterValidator(masked)] | None = None
    """Both are what Flower and events show of a task."""
    origin: Text | None = None
    ignore_result: bool | None = None
    replaced_task_nesting: Position | None = None
    compression: None = None


class Properties(BaseModel):
    """Accepted properties of the sender's; the queue is known better here."""

    body_encoding: Literal["base64"]
    correlation_id: Text | None = None
    reply_to: Text | None = None
    priority: Priority | None = None


class Envelope(BaseModel):
    """A message as stored in a queue."""

    body: str
    content_type: Text = Field(validation_alias=AliasChoices("content-type"))
    content_encoding: Literal["utf-8"] = Field(validation_alias=AliasChoices("content-encoding"))
    headers: Headers
    properties: Properties


class Body(BaseModel):
    """Arguments and follow-up tasks, in protocol 2."""

    args: list[Any]
    kwargs: dict[str, Any]
    embed: Embed


Reason = Literal[
    "too_large",
    "not_json",
    "not_an_envelope",
    "content_type",
    "body",
    "unknown_task",
    "arguments",
    "schema",
]


class Refused(Exception):
    """The message is refused, with the reason as ``str``. ``sender_waits_for`` is the task id whose
    result contains the reason, if it was read."""

    def __init__(self, reason: Reason, detail: str, sender_waits_for: str | None = None) -> None:
        super().__init__(on_one_line(detail, MOST_DETAIL))
        self.reason, self.sender_waits_for = reason, sender_waits_for


def let_through(message: bytes, queue: str, service: Service) -> bytes:
    """The message as passed on to Celery.

    Args:
        queue: of the message.

    Raises:
        Refused: no task can process it.
    """
    most = MOST_BYTES if queue in service.stages else MOST_JOB_BYTES
    if len(message) > most:
        raise Refused("too_large", f"{len(message)} bytes; more than {most} are not read")
    with _refused("not_json"):
        parsed = _read(message)
    with _refused("not_an_envelope"):
        envelope = Envelope.model_validate(parsed)
    task_id = envelope.headers.id
    if envelope.content_type != "application/json":
        raise Refused(
            "content_type", f"{envelope.content_type}; only application/json is taken", task_id
        )
    with _refused("body", task_id):
        args, kwargs, embed = _read(base64.b64decode(envelope.body, validate=True))
        body = Body.model_validate(
            {"args": args, "kwargs": kwargs, "embed": embed}, context=service
        )
    signature = service.signature_of(envelope.headers.task)
    if signature is None:
        raise Refused("unknown_task", envelope.headers.task, task_id)
    with _refused("arguments", task_id):
        signature(*body.args, **body.kwargs)
    with _refused("schema", task_id, f"{envelope.headers.task} refuses its argument: "):
        _check_argument(envelope.headers.task, [*body.args, *body.kwargs.values()])
    with _refused("body", task_id):
        return _written(envelope, body, queue)


def _read(text: bytes) -> Any:
    return json.loads(text.decode(), object_hook=_plain)


def _plain(found: dict[str, Any]) -> Any:
    """Kombu writes ``datetime`` and ``UUID`` as typed values: they become JSON strings here. Its
    other types are not part of any message, and some encode in a few bytes what takes hours to
    compute."""
    if len(found) > MOST_KEYS:
        raise ValueError(f"an object of {len(found)} keys; none has more than {MOST_KEYS}")
    if found.keys() != {"__type__", "__value__"}:
        return found
    match found["__type__"], found["__value__"]:
        case ("datetime", str(text)) | ("uuid", {"hex": str(text)}):
            return text
    raise ValueError(
        f"a value of the type {found['__type__']!r:.50}; there are those of JSON, datetime and uuid"
    )


@contextmanager
def _refused(
    reason: Reason, sender_waits_for: str | None = None, where: str = ""
) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise Refused(reason, f"{where}{_reason(error)}", sender_waits_for) from error


def _check_argument(task: str, arguments: list[Any]) -> None:
    kind, _, name = task.partition(".")
    if kind in ARGUMENT:
        argument = ARGUMENT[kind].validate_python(arguments[0])
        if isinstance(argument, Job) and argument.analysis != name:
            raise ValueError(f"analysis: it is for {name}, and not for {argument.analysis}")


def _written(envelope: Envelope, body: Body, queue: str) -> bytes:
    text = json.dumps([body.args, body.kwargs, body.embed.model_dump(exclude_unset=True)])
    properties = {
        **envelope.properties.model_dump(exclude_none=True),
        "delivery_tag": str(uuid4()),
        "delivery_info": {
            "exchange": "",
            "routing_key": queue,
        },  # where it goes again when its worker dies
    }
    written = {
        "body": base64.b64encode(text.encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": envelope.headers.model_dump(exclude_none=True),
        "properties": properties,
    }
    return bytes(json.dumps(written).encode())


def _reason(error: BaseException) -> str:
    """The error, without line breaks or control characters."""
    text = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where, what = ".".join(map(str, first["loc"])) or "it", first["msg"]
        text = (
            f"{where} {what.removeprefix('Value error, ')}"
            if what.startswith("Value error, ")
            else f"{where}: {what}"
        )
    return on_one_line(text, MOST_DETAIL) or type(error).__name__
