"""The pipeline hands requests in and opens rounds through any publisher, without Celery."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

import pytest

from earshot.analysis.errors import Permanent, Unavailable
from earshot.analysis.outcome import Skipped
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Batch, ChunkKey, Job
from earshot.pipeline.finalize import finalize
from earshot.pipeline.intake.submit import submit
from earshot.pipeline.ports import Call
from earshot.pipeline.rerun import start_round
from earshot.registry import cards
from earshot.storage.postgres import db, ledger, recordings, requests, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from tests.integration.rows import planned

pytestmark = pytest.mark.integration
EVERY = tuple(card.name for card in cards() if not (card.glossary or card.redacts))
"""The analyses of a request that names none, where there is no glossary."""


class Published:
    """A publisher that keeps what it is given, or refuses it."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.calls: list[Call] = []
        self.chords: list[tuple[list[Call], Call]] = []
        self._refuses = refuses

    def publish(self, task: str, argument: object, /) -> None:
        self._check()
        self.calls.append(Call(task, argument))

    def publish_chord(self, header: Sequence[Call], body: Call, /) -> None:
        self._check()
        self.chords.append((list(header), body))

    def _check(self) -> None:
        if self._refuses:
            raise Unavailable("redis_away", "Redis takes no jobs")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def stored(connection: Connection, recording_id: UUID) -> recordings.Recording:
    found = recordings.get(connection, recording_id)
    assert found is not None
    return found


def test_a_request_is_stored_before_it_is_published(connection: Connection) -> None:
    publisher, request = Published(), IngestRequest(uri="file:///calls/7.wav")
    recording_id = submit(connection, publisher, request)
    assert stored(connection, recording_id).analyses == EVERY
    [(task, argument)] = publisher.calls
    assert task == "ingest.recording"
    sent = IngestRequest.model_validate(argument)
    assert sent == request.model_copy(update={"recording_id": recording_id})


def test_a_request_that_redis_refuses_is_left_to_upkeep(connection: Connection) -> None:
    request = IngestRequest(uri="file:///calls/7.wav", recording_id=uuid4())
    assert request.recording_id is not None
    with pytest.raises(Unavailable):
        submit(connection, Published(refuses=True), request)
    assert stored(connection, request.recording_id).state == "queued"
    late = [each.id for each in requests.unfinished(connection, 0)]
    assert request.recording_id in late
    publisher = Published()
    assert submit(connection, publisher, request) == request.recording_id
    assert len(publisher.calls) == 1


def test_a_deleted_recording_is_not_submitted_again(connection: Connection) -> None:
    publisher, recording_id = Published(), planned(connection, ["scene"], 1)
    tombstones.bury(connection, [recording_id], "asked", 0, 0)
    request = IngestRequest(uri="file:///calls/7.wav", recording_id=recording_id)
    with pytest.raises(Permanent, match="deleted"):
        submit(connection, publisher, request)
    assert publisher.calls == []


def test_a_round_is_published_as_a_chord(connection: Connection) -> None:
    recording_id = closed(connection)
    publisher = Published()
    assert start_round(connection, publisher, recording_id, {0: {"scene", "noise"}}) == 2
    [(header, (task, argument))] = publisher.chords
    assert [call.task for call in header] == ["analyze.noise", "analyze.scene"]
    key = ChunkKey(recording_id=recording_id, index=0, round=2)
    for call in header:
        assert [ref.key for ref in Job.model_validate(call.argument).chunks] == [key]
    assert task == "merge.batch"
    assert Batch.model_validate(argument).chunks == (key,)


@pytest.mark.usefixtures("own_settings")
def test_chunks_that_redis_refuses_are_pending_again(connection: Connection) -> None:
    recording_id = closed(connection)
    with pytest.raises(Unavailable):
        start_round(connection, Published(refuses=True), recording_id, {0: {"scene"}})
    assert recording_id in ledger.undispatched(connection)
    [row] = ledger.take_pending(connection, recording_id)
    assert row["attempts"] == 1


def closed(connection: Connection) -> UUID:
    recording_id = planned(connection, ["scene"], 1)
    [row] = ledger.take_pending(connection, recording_id)
    key = ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"])
    silent = Staged(release="scene-1", outcome=Skipped(reason="no_speech"))
    assert ledger.merge(connection, {key: {"scene": silent}}) == [key]
    assert finalize(connection, recording_id)
    return recording_id


def test_the_profile_live_leaves_scene_and_emotion_to_those_who_name_them(
    connection: Connection,
) -> None:
    def asked(**options: object) -> tuple[str, ...]:
        request = IngestRequest.model_validate({"uri": "file:///calls/7.wav", **options})
        return stored(connection, submit(connection, Published(), request)).analyses

    assert asked() == asked(profile="full") == EVERY
    assert set(EVERY) - set(asked(profile="live")) == {"scene", "emotion"}
    named = ("scene", "asr")
    assert asked(profile="live", analyses=named) == asked(analyses=named) == named
