"""The task ``ingest.recording``."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from celery.exceptions import Ignore

from earshot.analysis.request import IngestRequest
from earshot.pipeline.intake.ingest import ingest
from earshot.pools import TRAIN_NOISE
from tasks import publisher
from tasks.app import Stage, app
from tasks.process import presence


@app.task(name=TRAIN_NOISE, bind=True, ignore_result=True)
def train_noise_classifier(self: Stage, data: str, **options: Any) -> None:
    """Forwards a training from a client that names no queue; its result has the id of this task."""
    from tasks import retraining  # an application of its own, which other workers do not need

    retraining.forward(self.request.id, TRAIN_NOISE, data, options)
    raise Ignore


@app.task(name="ingest.recording", bind=True)
def ingest_recording(self: Stage, payload: dict[str, Any]) -> dict[str, Any]:
    """Takes an ``IngestRequest``, returns an ``IngestReply``, both as JSON."""
    request = IngestRequest.model_validate(payload)
    recording_id = request.recording_id or uuid5(NAMESPACE_URL, f"earshot:task:{self.request.id}")
    return ingest(recording_id, request, publisher, presence).model_dump(mode="json")
