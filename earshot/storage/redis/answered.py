"""Replies to requests whose recording is a duplicate: their own row is gone, and a second delivery
of the request must not start again, with a file that may be gone too.

One Redis string per request, ``answered:<id>``, with an expiry.
"""

from uuid import UUID

from redis import Redis

from earshot.analysis.request import IngestReply, IngestRequest
from earshot.analysis.types import Frozen
from earshot.storage.redis.client import lost_connections


class Answered(Frozen):
    """A request, and its reply."""

    request: IngestRequest
    reply: IngestReply


def _key(request_id: UUID) -> str:
    return f"answered:{request_id}"


@lost_connections()
def keep(
    redis: Redis, request_id: UUID, request: IngestRequest, reply: IngestReply, ttl_sec: int
) -> None:
    """Keeps the reply for ``ttl_sec`` seconds."""
    text = Answered(request=request, reply=reply).model_dump_json()
    redis.set(_key(request_id), text, ex=ttl_sec)


@lost_connections()
def find(redis: Redis, request_id: UUID, request: IngestRequest) -> IngestReply | None:
    """The reply to an earlier delivery of this request; None if there was none, or if the id came
    with another file or other options."""
    text = redis.get(_key(request_id))
    if text is None:
        return None
    found = Answered.model_validate_json(text)
    return found.reply if same(found.request, request) else None


@lost_connections()
def of_tenant(redis: Redis, request_id: UUID, tenant: str) -> UUID | None:
    """The recording that answered a request of the tenant, whose own one is gone for it; None if
    there was no such request."""
    text = redis.get(_key(request_id))
    found = None if text is None else Answered.model_validate_json(text)
    if found is None or found.request.tenant != tenant:
        return None
    return found.reply.recording_id


def request_of(key: bytes) -> UUID | None:
    """Id of the request whose reply the key holds; None for any other key."""
    prefix, _, name = key.decode(errors="replace").partition(":")
    return UUID(name) if prefix == "answered" else None


def same(one: IngestRequest, other: IngestRequest) -> bool:
    """True if both requests ask for the same; one that is sent again names its id, which the first
    may leave to the service."""
    return one.model_copy(update={"recording_id": other.recording_id}) == other
