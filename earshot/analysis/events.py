"""The facts that are published: their JSON shapes (000-19/20) and their stable ids."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from earshot.analysis.deletion import Why
from earshot.analysis.findings import Alarm, Published
from earshot.analysis.quality import Quality
from earshot.analysis.types import WHOLE, ChunkKey, Frozen, Interval

NAMESPACE = uuid5(NAMESPACE_URL, "earshot:event")


class Event(Frozen):
    """One published fact. ``id`` is a uuid5 of everything else, so the same fact told twice has the
    same id."""

    id: UUID
    recording_id: UUID
    body: dict[str, Any]
    """What consumers read: ``id``, ``type``, ``recording_id`` and the fields of the type."""


class ClassificationEvent(BaseModel):
    """``classification``: one analysis said one thing about one chunk. The answer lies under the
    name of the analysis, as ``{"label", "confidence", "scores"}`` (000-19, 000-20), of emotion with
    ``label_coverage``: which labels it can tell."""

    model_config = ConfigDict(extra="allow")

    type: str = "classification"
    id: UUID
    recording_id: UUID
    chunk: int | None
    """Index of the chunk; null when the whole recording was classified."""
    start_ms: int
    end_ms: int
    round: int
    """In which round it was said; of several answers the one of the latest holds
    (docs/adr/0010)."""
    release: str
    quality: Quality | None = None
    """How good the recording sounds; the report holds it channel by channel. Null where an earlier
    version took it in."""
    __pydantic_extra__: dict[str, Published]


class EmergencyEvent(Alarm):
    """``emergency``: an alarm is heard. It leaves while the chunk is worked on, before anything
    about it is merged. It names no round, so that its id, and with it the event, is the same
    whenever the same is heard again."""

    type: str = "emergency"
    id: UUID
    recording_id: UUID
    chunk: int


class RecordingEvent(Frozen):
    """``recording.completed`` (state complete or partial) or ``recording.failed`` (with the
    reason). No transcript."""

    type: str
    id: UUID
    recording_id: UUID
    state: str
    file_name: str
    duration_ms: int | None = None
    round: int | None = None
    """1, and one more each time that a part of the recording was analysed again."""
    error: dict[str, str] | None = None


class DeletedEvent(Frozen):
    """``recording.deleted``: nothing of the recording is left; whoever keeps copies of what was
    told of it is to delete them. The last event that names it."""

    type: str
    id: UUID
    recording_id: UUID
    why: Why
    deleted_at: datetime
    """When it was asked for, or found to be old enough."""


def classification(
    key: ChunkKey,
    span: Interval,
    analysis: str,
    release: str,
    answer: Published,
    quality: Quality | None,
) -> Event:
    """The event that tells consumers what ``analysis`` said about a chunk in one round."""
    fields = {
        "chunk": None if key.index == WHOLE else key.index,
        "start_ms": span.start_ms,
        "end_ms": span.end_ms,
        "round": key.round,
        "release": release,
        "quality": quality.model_dump(mode="json") if quality else None,
        analysis: answer.model_dump(mode="json"),
    }
    return _event("classification", key.recording_id, fields)


def emergency(key: ChunkKey, alarm: Alarm) -> Event:
    """The event that tells consumers of an alarm in a chunk."""
    return _event(
        "emergency", key.recording_id, {"chunk": key.index, **alarm.model_dump(mode="json")}
    )


def completed(
    recording_id: UUID, state: str, file_name: str, duration_ms: int, round: int
) -> Event:
    """The recording's report can be read."""
    fields = {"state": state, "file_name": file_name, "duration_ms": duration_ms, "round": round}
    return _event("recording.completed", recording_id, fields)


def failed(recording_id: UUID, file_name: str, code: str, detail: str, round: int) -> Event:
    """The recording will not be analysed, and why."""
    fields = {
        "state": "failed",
        "file_name": file_name,
        "error": {"code": code, "detail": detail},
        "round": round,
    }
    return _event("recording.failed", recording_id, fields)


def deleted(recording_id: UUID, why: Why, deleted_at: datetime) -> Event:
    """Nothing of the recording is left."""
    return _event(
        "recording.deleted",
        recording_id,
        {"why": why, "deleted_at": deleted_at.astimezone(UTC).isoformat()},
    )


def _event(kind: str, recording_id: UUID, fields: dict[str, Any]) -> Event:
    body = {"type": kind, "recording_id": str(recording_id), **fields}
    identity = uuid5(NAMESPACE, json.dumps(body, sort_keys=True, separators=(",", ":")))
    return Event(id=identity, recording_id=recording_id, body={"id": str(identity), **body})
