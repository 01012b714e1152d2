"""The JSON Schemas of published messages and files, generated from the types that validate them."""

from typing import Any

from pydantic import BaseModel

from cli.batch.outputs import FailedCalls, FileStatuses
from cli.batch.performance import PerformanceReport
from earshot.analysis.deletion import DeletionReceipt
from earshot.analysis.events import (
    ClassificationEvent,
    CorrectedEvent,
    DeletedEvent,
    DriftedEvent,
    EmergencyEvent,
    MatchedEvent,
    RecordingEvent,
)
from earshot.analysis.report.report import Report
from earshot.analysis.request import IngestReply, IngestRequest
from evaluation.metrics import Metrics

PUBLISHED: dict[str, type[BaseModel]] = {
    "ingest.request": IngestRequest,
    "ingest.reply": IngestReply,
    "event.classification": ClassificationEvent,
    "event.emergency": EmergencyEvent,
    "event.recording": RecordingEvent,
    "event.corrected": CorrectedEvent,
    "event.deleted": DeletedEvent,
    "event.matched": MatchedEvent,
    "event.drifted": DriftedEvent,
    "deletion.receipt": DeletionReceipt,
    "report": Report,
    "metrics": Metrics,
    "performance.report": PerformanceReport,
    "file.statuses": FileStatuses,
    "failed.calls": FailedCalls,
}


def schema(name: str) -> dict[str, Any]:
    """The published schema of one message or file."""
    mode = "validation" if name == "ingest.request" else "serialization"
    body = PUBLISHED[name].model_json_schema(mode=mode)  # type: ignore[arg-type]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
