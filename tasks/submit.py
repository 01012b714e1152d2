"""The client side of ``ingest.recording``, for the producer: sends a request, reads its reply."""

from celery import states
from celery.exceptions import CeleryError
from kombu.exceptions import OperationalError
from pydantic import TypeAdapter

from earshot.analysis.errors import Permanent, Unavailable
from earshot.analysis.request import IngestReply, IngestRequest
from earshot.storage.redis import client as redis
from earshot.storage.redis.client import AWAY
from tasks.app import app

REPLY: TypeAdapter[IngestReply] = TypeAdapter(IngestReply)


def send(request: IngestRequest) -> str:
    """Enqueues the request; returns the task's id.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        # Celery would wait 20 s for a Redis that is away, and then raise a bare RuntimeError.
        redis.client().ping()
        result = app.send_task("ingest.recording", [request.model_dump(mode="json")], retry=False)
    except (OperationalError, *AWAY, CeleryError, RuntimeError) as error:
        raise Unavailable(
            "redis_away",
            f"Redis does not take jobs: {str(error).rstrip('.')}; run `earshot doctor`",
        ) from error
    return str(result.id)


def reply(task_id: str) -> IngestReply | None:
    """The reply to the request, or None while there is none.

    Raises:
        Permanent: the request was refused.
        Unavailable: Redis does not answer.
    """
    try:
        meta = app.backend.get_task_meta(task_id)
    except (OperationalError, *AWAY) as error:
        raise Unavailable(
            "redis_away", f"Redis does not answer: {error}; run `earshot doctor`"
        ) from error
    if meta["status"] not in states.READY_STATES:
        return None
    if meta["status"] != states.SUCCESS:
        raise Permanent("ingest_failed", str(meta["result"]))
    return REPLY.validate_python(meta["result"])
