"""Registers and publishes requests."""

from collections.abc import Callable
from uuid import UUID, uuid4

from earshot.analysis.request import IngestRequest, kinds_of
from earshot.pipeline.plan import requested
from earshot.pipeline.ports import Publisher
from earshot.settings import settings
from earshot.storage.postgres import recordings
from earshot.storage.postgres.db import Connection

TASK = "ingest.recording"


def with_redaction(request: IngestRequest, *others: str) -> IngestRequest:
    """The request with what the settings say of its source: settled once, when it arrives.

    Args:
        others: further URIs of the file, such as the one that a link leads to.
    """
    uris = (request.uri, *others)
    kinds = kinds_of(
        request.redact, *(settings().redaction_of(uri, request.tenant) for uri in uris)
    )
    return request.model_copy(update={"redact": kinds or None})


def register(
    connection: Connection, recording_id: UUID, request: IngestRequest, expected_chunks: int = 1
) -> bool:
    """Stores the request as a recording, so that upkeep publishes it again if its message is lost.
    False, without any change, if a recording with that id exists.

    Raises:
        Permanent: ``deleted``, the recording with that id was deleted.
        Unavailable: Postgres is unavailable.
    """
    language = request.language or settings().language
    request = with_redaction(request)
    return recordings.register(
        connection, recording_id, request, requested(request), language, expected_chunks
    )


def redact_more(
    connection: Connection, recording_id: UUID, first: IngestRequest, request: IngestRequest
) -> IngestRequest:
    """The first request with the kinds of personal data that either of them removes; stored as
    well. The first one unchanged if its recording is decoded already."""
    kinds = kinds_of(first.redact, request.redact)
    if kinds == first.redacted_kinds:
        return first
    more = first.model_copy(update={"redact": kinds})
    stored = recordings.redact_more(connection, recording_id, kinds, requested(more))
    return more if stored else first


def submit(
    connection: Connection,
    publisher: Publisher,
    request: IngestRequest,
    also: Callable[[], object] = lambda: None,
) -> UUID:
    """Registers and publishes a request; returns the id of its recording, a new one if it names
    none. The same request may be submitted again.

    Args:
        also: called in the transaction that registers it, on the same connection.

    Raises:
        Permanent: as ``register``.
        Unavailable: Postgres or Redis is unavailable; upkeep publishes a request that is already
            registered.
    """
    recording_id = request.recording_id or uuid4()
    named = request.model_copy(update={"recording_id": recording_id})
    with connection.transaction():
        register(connection, recording_id, named)
        also()
    publisher.publish(TASK, named.model_dump(mode="json"))
    return recording_id
