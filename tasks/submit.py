"""The client side of ``ingest.recording``, for the producer: send a request, look for its reply."""

from celery.exceptions import CeleryError
from kombu.exceptions import OperationalError
from pydantic import TypeAdapter
from redis.exceptions import RedisError

from analysis.errors import Permanent, Unavailable
from analysis.request import IngestReply, IngestRequest
from tasks.app import app

REPLY: TypeAdapter[IngestReply] = TypeAdapter(IngestReply)


def send(request: IngestRequest) -> str:
    """Enqueues the request; returns the task's id.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        return str(app.send_task("ingest.recording", [request.model_dump(mode="json")], retry=False).id)
    except (OperationalError, RedisError, CeleryError) as error:
        raise Unavailable("redis_away", f"Redis does not take jobs: {error}; run `earshot doctor`") from error


def reply(task_id: str) -> IngestReply | None:
    """What became of the request, or None while it is not known.

    Raises:
        Permanent: the request was refused.
        Unavailable: Redis does not answer.
    """
    try:
        result = app.AsyncResult(task_id)
        if not result.ready():
            return None
        if result.failed():
            raise Permanent("ingest_failed", str(result.result))
        return REPLY.validate_python(result.result)
    except (OperationalError, RedisError) as error:
        raise Unavailable("redis_away", f"Redis does not answer: {error}; run `earshot doctor`") from error
