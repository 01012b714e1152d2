"""Takes requests in: registers them and publishes them to the queue."""

import logging
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.errors import Unavailable
from earshot.analysis.request import IngestRequest
from earshot.analysis.states import RecordingState
from earshot.pipeline.intake.submit import submit
from earshot.storage.postgres import db
from gateway import examples
from gateway.keys import Held, digest
from gateway.problems import Problem
from gateway.uploads import Form
from producer.admission import room
from tasks import publisher

log = logging.getLogger(__name__)

NOT_PUBLISHED = "redis_away"
FULL_SEC = 30
"""Time after which a client may try again when the backlog is full."""


class Accepted(BaseModel):
    """A recording that will be analysed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": examples.ID, "state": "queued", "links": examples.LINKS}]
        }
    )

    id: UUID = Field(description="Id of the recording.")
    state: RecordingState = RecordingState.QUEUED
    links: dict[str, str] = Field(description="Addresses of the recording and its parts.")


def check_room() -> None:
    """
    Raises:
        Problem: 503, too much work waits already.
        Unavailable: Postgres is unavailable.
    """
    with db.pooled() as connection:
        left = room(connection)
    if left <= 0:
        raise Problem(
            503,
            "backlog",
            "Too many recordings wait to be analysed; send this one later.",
            {"Retry-After": str(FULL_SEC)},
        )


def accept(asked: IngestRequest, form: Form | None, key: Held | None = None) -> Accepted:
    """Registers and publishes a request, or returns what its key was answered with before. A
    request that Redis does not take is published by upkeep.

    Args:
        form: the form with its file, which is taken.

    Raises:
        Problem: 409, 422, as ``gateway.keys.Held``.
        Unavailable: Postgres is unavailable.
    """
    key = key or Held(None, None)
    wanted = _digest(asked, form)
    before = key.before(wanted)
    if before is not None:
        return Accepted.model_validate(before)
    recording_id = uuid4()
    named = asked.model_copy(update={"recording_id": recording_id})
    answer = Accepted(id=recording_id, links=links(recording_id))
    body = answer.model_dump(mode="json")
    try:
        with db.pooled() as connection:
            keep = partial(key.keep, connection, wanted, body, recording_id)
            submit(connection, publisher, named, keep)
    except Unavailable as error:
        if form is not None:  # it may be registered: upkeep removes the upload if not
            form.taken = True
        if error.code != NOT_PUBLISHED:
            raise
        log.warning("upkeep publishes recording %s: %s", recording_id, error)
    if form is not None:
        form.taken = True
    return answer


def _digest(asked: IngestRequest, form: Form | None) -> bytes:
    fields: dict[str, Any] = asked.model_dump(mode="json", exclude={"recording_id", "tenant"})
    if form is not None:
        fields["uri"] = f"sha256:{form.file.sha256}"  # the address is another each time
    return digest("recordings", fields)


def links(recording_id: UUID) -> dict[str, str]:
    """Addresses of a recording and its parts."""
    return {
        "recording": f"/recordings/{recording_id}",
        "report": f"/recordings/{recording_id}/report",
        "session": f"/sessions/{recording_id}",
        "audio": f"/sessions/{recording_id}/audio",
        "peaks": f"/recordings/{recording_id}/peaks",
    }
