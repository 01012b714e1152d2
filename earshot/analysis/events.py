"""Published events: their JSON shapes (000-19/20) and their stable ids."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

from earshot.analysis.deletion import Why
from earshot.analysis.drift.psi import Drift, Figure, Move
from earshot.analysis.findings import Alarm, Published
from earshot.analysis.quality import Quality
from earshot.analysis.report.categories import Category
from earshot.analysis.types import ChunkKey, Frozen, Interval

NAMESPACE = uuid5(NAMESPACE_URL, "earshot:event")


class Event(Frozen):
    """One published event. ``id`` is a uuid5 of all other fields, so publishing the same fact twice
    gives the same id."""

    id: UUID
    recording_id: UUID
    body: dict[str, Any]
    """The JSON object for consumers: ``id``, ``type``, ``recording_id`` and the fields of the
    type."""


class ClassificationEvent(BaseModel):
    """``classification``: the answer of one analysis for one chunk. It is stored under the name of
    the analysis, as ``{"label", "confidence", "scores"}`` (000-19, 000-20), for emotion with
    ``label_coverage``: the labels that the release covers."""

    model_config = ConfigDict(extra="allow")

    type: str = "classification"
    id: UUID
    recording_id: UUID
    chunk: int | None
    """Index of the chunk; null when the whole recording was classified."""
    start_ms: int
    end_ms: int
    round: int
    """The round of this answer; among several answers the latest round is valid (docs/adr/0010)."""
    release: str
    quality: Quality | None = None
    """Audio quality of the recording; the report has it channel by channel. Null if an earlier
    version ingested it."""
    __pydantic_extra__: dict[str, Published]


class EmergencyEvent(Alarm):
    """``emergency``: an alarm was detected. It is published while the chunk is analysed, before
    anything about it is merged. It contains no round, so repeated detections have the same id and
    are one event."""

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
    """1, and one more each time that a part of the recording is analysed again."""
    error: dict[str, str] | None = None


class CorrectedEvent(Frozen):
    """``recording.corrected``: a person corrected the report, or undid corrections. No words; read
    the report anew."""

    type: str
    id: UUID
    recording_id: UUID
    version: int
    """Of the corrections; grows with every change."""
    round: int
    """Of the answers that are corrected."""
    corrections: int
    """Number of corrections in force."""
    conflicts: int
    """Number of those that do not fit the answers of this round."""


class MatchedEvent(Interval):
    """``rule.matched``: a version of a rule matches a recording for the first time; once for both,
    also after another round or a correction. No words; the report has the places."""

    type: str
    id: UUID
    recording_id: UUID
    name: str
    """Of the rule."""
    rule: UUID
    version: int
    hits: int
    """Number of the places."""


class DriftedEvent(Frozen):
    """``release.drifted``: what a release answers has moved away from its first answers, for the
    recordings of the tenant; once when it begins. ``recording_id`` is the newest of them."""

    type: str
    id: UUID
    recording_id: UUID
    analysis: str
    release: str
    figure: Figure
    """What moved: the mix of labels or languages, the confidence, or the signal-to-noise ratio."""
    psi: float
    """Population stability index."""
    null: float
    """What it stays below in 95 % of cases by chance alone."""
    n: int
    """Recordings that were compared."""
    n_reference: int
    moved: tuple[Move, ...]
    """What moved most, with its shares."""


class DeletedEvent(Frozen):
    """``recording.deleted``: all data of the recording is deleted; consumers must delete their
    copies of its events. The last event that names it."""

    type: str
    id: UUID
    recording_id: UUID
    why: Why
    deleted_at: datetime
    """When the deletion was requested, or retention found the recording."""


def classification(
    key: ChunkKey,
    span: Interval,
    analysis: str,
    release: str,
    answer: Published,
    quality: Quality | None,
) -> Event:
    """The event for the answer of ``analysis`` for a chunk in one round."""
    fields = {
        "chunk": None if key.index < 0 else key.index,
        "start_ms": span.start_ms,
        "end_ms": span.end_ms,
        "round": key.round,
        "release": release,
        "quality": quality.model_dump(mode="json") if quality else None,
        analysis: answer.model_dump(mode="json"),
    }
    return _event("classification", key.recording_id, fields)


def emergency(key: ChunkKey, alarm: Alarm) -> Event:
    """The event for an alarm in a chunk."""
    return _event(
        "emergency", key.recording_id, {"chunk": key.index, **alarm.model_dump(mode="json")}
    )


def completed(
    recording_id: UUID, state: str, file_name: str, duration_ms: int, round: int
) -> Event:
    """The event that the recording's report is available."""
    fields = {"state": state, "file_name": file_name, "duration_ms": duration_ms, "round": round}
    return _event("recording.completed", recording_id, fields)


def corrected(
    recording_id: UUID, version: int, round: int, corrections: int, conflicts: int
) -> Event:
    """The event that the recording's corrections have changed."""
    fields = {
        "version": version,
        "round": round,
        "corrections": corrections,
        "conflicts": conflicts,
    }
    return _event("recording.corrected", recording_id, fields)


def matched(recording_id: UUID, found: Category) -> Event:
    """The event that a rule matches the recording."""
    fields = found.model_dump(
        mode="json", include={"name", "rule", "version", *Interval.model_fields}
    )
    return _event("rule.matched", recording_id, {**fields, "hits": found.hits_total})


def drifted(recording_id: UUID, analysis: str, release: str, found: Drift) -> Event:
    """The event that the answers of a release have moved."""
    fields = {"analysis": analysis, "release": release, **found.model_dump(mode="json")}
    return _event("release.drifted", recording_id, fields)


def failed(recording_id: UUID, file_name: str, code: str, detail: str, round: int) -> Event:
    """The event that the recording will not be analysed, and why."""
    fields = {
        "state": "failed",
        "file_name": file_name,
        "error": {"code": code, "detail": detail},
        "round": round,
    }
    return _event("recording.failed", recording_id, fields)


def deleted(recording_id: UUID, why: Why, deleted_at: datetime) -> Event:
    """The event that all data of the recording is deleted."""
    return _event(
        "recording.deleted",
        recording_id,
        {"why": why, "deleted_at": deleted_at.astimezone(UTC).isoformat()},
    )


def _event(kind: str, recording_id: UUID, fields: dict[str, Any]) -> Event:
    body = {"type": kind, "recording_id": str(recording_id), **fields}
    identity = uuid5(NAMESPACE, json.dumps(body, sort_keys=True, separators=(",", ":")))
    return Event(id=identity, recording_id=recording_id, body={"id": str(identity), **body})
