"""Recordings for tests of the storage itself: rows as ingest writes them, without any audio."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Interval, Utterance
from earshot.storage.postgres import recordings, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import NewChunk

FACTS = {
    "channels": 1,
    "native_rate": 8000,
    "container": "wav",
    "codec": "pcm_s16le",
    "dual_mono": False,
    "audio": {"16000": "file:///audio/x.pcm"},
    "quality": None,
    "notes": [],
    "roles": [],
    "roles_source": None,
}


def registered(
    connection: Connection, analyses: Iterable[str], *, language: str = "en", force: bool = False
) -> UUID:
    """One that is being taken in."""
    recording_id = uuid4()
    request = IngestRequest(uri="file:///calls/7.wav", force=force)
    recordings.register(connection, recording_id, request, list(analyses), language)
    assert requests.start(connection, recording_id, "me") is not None
    return recording_id


def planned(
    connection: Connection, analyses: Iterable[str], chunks: int, sha256: str | None = None
) -> UUID:
    """One whose chunks, of 100 ms each, wait to be dispatched; of its own content unless that is
    named."""
    wanted = tuple(analyses)
    recording_id = registered(connection, wanted)
    recordings.note_content(connection, recording_id, sha256 or uuid4().hex * 2)
    assert recordings.claim_content(connection, recording_id, ()) is None
    store(connection, recording_id, wanted, chunks)
    return recording_id


def store(connection: Connection, recording_id: UUID, wanted: tuple[str, ...], chunks: int) -> None:
    """What follows decoding: the recording's facts and its chunks."""
    speech = (Utterance(channel=0, start_ms=10, end_ms=20),)
    spans = [Interval(start_ms=i * 100, end_ms=i * 100 + 100) for i in range(chunks)]
    plan = [
        NewChunk(index=i, span=span, speech=speech, wanted=wanted) for i, span in enumerate(spans)
    ]
    recordings.store_plan(connection, recording_id, {**FACTS, "duration_ms": chunks * 100}, plan)
