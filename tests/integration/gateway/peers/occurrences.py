"""Real events for tests: stored in the outbox and given their positions, as a merge does."""

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from earshot.analysis import events
from earshot.analysis.events import Event
from earshot.analysis.findings import Classification
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import ChunkKey, Interval
from earshot.storage import outbox
from earshot.storage.postgres import db, recordings
from tests.servers import Stack


def completed(recording_id: UUID, rounds: Iterable[int] = (1,)) -> list[Event]:
    """One event for each round."""
    return [
        events.completed(recording_id, "complete", "call.wav", 1000, number) for number in rounds
    ]


def classified(recording_id: UUID) -> Event:
    answer = Classification(label="speech", confidence=0.9, scores={"speech": 0.9, "music": 0.1})
    return events.classification(
        ChunkKey(recording_id=recording_id, index=0, round=1),
        Interval(start_ms=0, end_ms=1000),
        "scene",
        "scene-1",
        answer,
        None,
    )


def recording_of(stack: Stack, tenant: str) -> UUID:
    """The row of a recording of this tenant, without any audio."""
    recording_id = uuid4()
    request = IngestRequest(uri="file:///calls/7.wav", tenant=tenant)
    with db.connect(stack.database_url) as connection:
        assert recordings.register(connection, recording_id, request, ["scene"], "en")
    return recording_id


def happen(stack: Stack, found: Sequence[Event]) -> list[str]:
    """Stores the events, and returns their ids in order."""
    with db.connect(stack.database_url) as connection:
        outbox.add(connection, found)
        outbox.arrange(connection)
    return [str(each.id) for each in found]
