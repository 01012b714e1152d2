"""What a message asks for afterwards: Celery's callbacks, chains and chords, typed, of this
service's own tasks and queues.

A worker publishes them only when the work is done, so one that it cannot publish is refused with
the message that brings it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

from earshot.pipeline.retries import PAUSE_MAX_SEC

Word = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]
"""Printable, without spaces: it is written to logs."""
Text = Annotated[str, Field(max_length=255)]
Retries = Annotated[
    int, Field(ge=0, strict=True), AfterValidator(lambda number: min(number, 1_000_000))
]
"""Cut down and not refused: Celery counts one more at each retry of its own."""
Priority = Annotated[int, Field(ge=0, le=255, strict=True)]
Position = Annotated[int, Field(ge=0, le=100_000, strict=True)]

FARTHEST_ETA = timedelta(days=1)
"""A worker holds what it is to do later in its memory, and Redis delivers that again and again
meanwhile."""
LONGEST_PAUSE = timedelta(seconds=PAUSE_MAX_SEC)
"""Between two tries of a stage."""
FARTHEST_EXPIRY = timedelta(days=366)


def _within(farthest: timedelta) -> Callable[[datetime], datetime]:
    def checked(at: datetime) -> datetime:
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        if aware.year < 2000 or aware > datetime.now(UTC) + farthest:
            raise ValueError(f"is before the year 2000 or more than {farthest.days} days ahead")
        return aware

    return checked


_ISO = PlainSerializer(datetime.isoformat)


def _soon(at: datetime, info: ValidationInfo) -> datetime:
    """A retry waits for ``LONGEST_PAUSE`` at most: one that says more was sent by a clock that was
    set back since."""
    is_retry = bool((info.data or {}).get("retries"))
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(aware, datetime.now(UTC) + LONGEST_PAUSE) if is_retry else aware


Eta = Annotated[datetime, AfterValidator(_soon), AfterValidator(_within(FARTHEST_ETA)), _ISO]
Expires = Annotated[datetime, AfterValidator(_within(FARTHEST_EXPIRY)), _ISO]


class Service(NamedTuple):
    """What messages may name."""

    stages: Sequence[str]
    """Queues of small messages."""
    pools: Sequence[str]
    """Queues of jobs."""
    signature_of: Callable[[str], Callable[..., object] | None]
    """A function with the parameters of the named task, which does nothing; None for an unknown
    task."""


Signatures = Annotated[list["Signature"], Field(max_length=1000, fail_fast=True)]
"""Of many that are none the first is enough: pydantic would write each of them down."""


class Options(BaseModel):
    """How a task is to be sent; what Celery knows besides is left away."""

    task_id: Word | None = None
    root_id: Word | None = None
    parent_id: Word | None = None
    group_id: Word | None = None
    group_index: Position | None = None
    reply_to: Text | None = None
    queue: Word | None = None
    priority: Priority | None = None
    countdown: (
        Annotated[float, Field(ge=0, le=FARTHEST_ETA.total_seconds(), allow_inf_nan=False)] | None
    ) = None
    eta: Eta | None = None
    expires: (
        Expires
        | Annotated[float, Field(gt=0, le=FARTHEST_EXPIRY.total_seconds(), allow_inf_nan=False)]
        | None
    ) = None
    retries: Retries = 0
    ignore_result: bool | None = None
    link: "Signatures | Signature | None" = None
    link_error: "Signatures | Signature | None" = None
    chain: Signatures | None = None
    chord: "Signature | None" = None

    @model_validator(mode="after")
    def _reachable(self, info: ValidationInfo) -> "Options":
        service = cast(Service, info.context)
        if self.queue not in (None, *service.stages, *service.pools):
            raise ValueError(f"names queue {self.queue}, which this service does not send to")
        return self


class Signature(BaseModel):
    """A task to send, as Celery writes it down."""

    task: Word
    args: list[Any]
    kwargs: dict[str, Any]
    options: Options
    subtask_type: Literal["group", "chain", "chord"] | None = None
    immutable: bool

    @model_validator(mode="after")
    def _known(self, info: ValidationInfo) -> "Signature":
        service = cast(Service, info.context)
        canvas = CANVAS.get(self.task)
        if canvas is not None:
            parts = canvas.model_validate(self.kwargs, context=service)
            self.args, self.kwargs = [], parts.model_dump(exclude_unset=True)
        elif service.signature_of(self.task) is None:
            raise ValueError(f"names task {self.task}, which is none of this service")
        self.subtask_type = self.task.removeprefix("celery.") if canvas is not None else None  # type: ignore[assignment]
        return self


class Parts(BaseModel):
    """Of a group or a chain."""

    tasks: Signatures


class ChordParts(BaseModel):
    """Of a chord."""

    header: Signatures | Signature
    body: Signature
    kwargs: dict[str, Any] = Field(default_factory=dict)


CANVAS: dict[str, type[BaseModel]] = {
    "celery.group": Parts,
    "celery.chain": Parts,
    "celery.chord": ChordParts,
}


class Embed(BaseModel, extra="forbid"):
    """Every key of it becomes an attribute of the running task, so there are no others."""

    callbacks: Signatures | None = None
    errbacks: Signatures | None = None
    chain: Signatures | None = None
    chord: Signature | None = None
