"""The task ``ingest.recording``."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from celery.exceptions import Ignore

from earshot.analysis.request import IngestRequest
from earshot.pipeline.intake.ingest import ingest
from tasks import publisher, retraining
from tasks.app import Stage, app
from tasks.process import presence


@app.task(name=retraining.NOISE, bind=True, ignore_result=True)
def train_noise_classifier(self: Stage, data: str, **options: Any) -> None:
    """Forwards a training from a client that names no queue; its result has the id of this task."""
    retraining.forward(self.request.id, retraining.NOISE, data, options)
    raise Ignore


@app.task(name="ingest.recording", bind=True)
def ingest_recording(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    """Takes an ``IngestRequest``, returns an ``IngestReply``, both as JSON."""
    request = IngestRequest.model_validate(payload)
    recording_id = request.recording_id or uuid5(NAMESPACE_URL, f"earshot:task:{self.request.id}")
    return ingest(recording_id, request, publisher, presence).model_dump(mode="json")
