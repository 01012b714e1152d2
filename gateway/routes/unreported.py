"""What was detected but is not reported."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from earshot.analysis.findings import AsrFindings, Rejected, SceneFindings, SuppressedText
from earshot.analysis.outcome import Skipped, Succeeded
from earshot.analysis.report.parts import Part, gather
from earshot.storage.postgres import db, reports
from earshot.storage.postgres.tokens import Scope
from gateway.door import Caller, Door, operation
from gateway.reading import owned
from gateway.routes.recordings import ID, MISSING

router = APIRouter(route_class=Door, tags=["recordings"])


class SuppressedPart(BaseModel):
    """Text that the recogniser wrote and the transcript leaves out."""

    channel: int
    start_ms: int
    end_ms: int
    text: str
    reason: Literal["repetition", "low_probability", "no_speech", "language_unsupported"]


class RejectedSound(BaseModel):
    """The strongest sound of its label that a chunk rejected for this reason."""

    chunk: int
    start_ms: int
    end_ms: int
    label: str
    peak: float = Field(description="Its largest share.")
    reason: Literal["threshold", "duration", "energy"] = Field(
        description="`threshold`: the share is too small; `duration`: too short; `energy`: too"
        " faint."
    )
    limit: float = Field(description="The limit that was missed: a share, milliseconds, or dBFS.")


class Unreported(BaseModel):
    """What was detected but is not reported, in order of time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "texts": [
                        {
                            "channel": 0,
                            "start_ms": 41_200,
                            "end_ms": 42_000,
                            "text": "thank you",
                            "reason": "no_speech",
                        }
                    ],
                    "sounds": [
                        {
                            "chunk": 3,
                            "start_ms": 45_600,
                            "end_ms": 46_080,
                            "label": "music",
                            "peak": 0.31,
                            "reason": "threshold",
                            "limit": 0.5,
                        }
                    ],
                }
            ]
        }
    )

    texts: list[SuppressedPart]
    sounds: list[RejectedSound]


@router.get(
    "/recordings/{recording_id}/rejected",
    summary="What was detected but is not reported, with the reason",
    **operation(Scope.READ, answers={**MISSING, **ID}),
)
async def get_unreported(request: Request, recording_id: UUID) -> Unreported:
    caller: Caller = request.state.caller
    return await run_in_threadpool(_unreported, caller.tenant, recording_id)


def _unreported(tenant: str, recording_id: UUID) -> Unreported:
    with db.pooled() as connection:
        found = owned.recording(connection, tenant, recording_id)
        merged = reports.of(connection, found)
    if found.duration_ms is None:
        return Unreported(texts=[], sounds=[])
    parts = gather(merged.info(), merged.parts()).parts  # languages are judged over all of them
    texts = [
        SuppressedPart(**each.model_dump(include=set(SuppressedPart.model_fields)))
        for part in parts
        for each in _suppressed(part)
    ]
    sounds = [
        RejectedSound(chunk=part.chunk, **each.model_dump())
        for part in parts
        for each in _rejected(part)
    ]
    return Unreported(
        texts=sorted(texts, key=lambda each: (each.start_ms, each.channel)),
        sounds=sorted(sounds, key=lambda each: (each.start_ms, each.label)),
    )


def _suppressed(part: Part) -> tuple[SuppressedText, ...]:
    if part.analysis != "asr" or isinstance(part.outcome, Skipped) or not part.outcome.findings:
        return ()
    return AsrFindings.model_validate(part.outcome.findings).suppressed_text


def _rejected(part: Part) -> tuple[Rejected, ...]:
    if part.analysis != "scene" or not isinstance(part.outcome, Succeeded):
        return ()
    return SceneFindings.model_validate(part.outcome.findings).rejected
