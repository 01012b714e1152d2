"""The same content in two tenants: nothing of one decides about the other, or shows there."""

from uuid import UUID, uuid4

import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.request import IngestRequest
from earshot.analysis.states import RecordingState
from earshot.pipeline.intake.duplicates import IdTaken, earlier, reply, same_file
from earshot.storage.postgres import db, dead_letters, recordings, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import answered
from earshot.storage.redis import client as redis
from tests.integration.rows import store

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

LETTER = {
    "chunk_index": 0, "round": 1, "analysis": "scene", "release": "r1", "code": "worker_lost",
    "reason": "x", "worker": None, "attempts": 3,
}  # fmt: skip


def asked(tenant: str, uri: str = "file:///calls/7.wav") -> IngestRequest:
    return IngestRequest(uri=uri, tenant=tenant)


def begun(connection: Connection, tenant: str, sha256: str) -> UUID:
    """A recording whose content was read."""
    recording_id = uuid4()
    recordings.register(connection, recording_id, asked(tenant), ["scene"], "en")
    assert requests.start(connection, recording_id, "me") is not None
    recordings.note_content(connection, recording_id, sha256)
    return recording_id


def test_content_is_owned_within_a_tenant(database_url: str) -> None:
    sha256 = uuid4().hex * 2
    with db.connect(database_url) as connection:
        first, second, third = (begun(connection, each, sha256) for each in ("a", "b", "a"))
        assert recordings.claim_content(connection, first, ()) is None
        assert recordings.claim_content(connection, second, ()) is None
        assert recordings.claim_content(connection, third, ()) == first
        assert recordings.same_as(connection, third) == first
        assert recordings.same_as(connection, second) is None


def test_content_that_ended_workers_counts_within_a_tenant(database_url: str) -> None:
    sha256 = uuid4().hex * 2
    with db.connect(database_url) as connection:
        for _ in range(3):
            each = begun(connection, "a", sha256)
            error = Permanent("gave_up", "decoding it ended its worker")
            recordings.fail(connection, each, error, [RecordingState.INGESTING])
        theirs, others = begun(connection, "a", sha256), begun(connection, "b", sha256)
        assert requests.enders(connection, theirs, sha256) == 3
        assert requests.enders(connection, others, sha256) == 0


def test_chunks_are_quarantined_within_a_tenant(database_url: str) -> None:
    sha256 = uuid4().hex * 2
    with db.connect(database_url) as connection:
        for _ in range(3):
            each = begun(connection, "a", sha256)
            store(connection, each, ("scene",), 1)
            dead_letters.add(connection, [{**LETTER, "recording_id": each}])
        theirs, others = begun(connection, "a", sha256), begun(connection, "b", sha256)
        for each in (theirs, others):
            store(connection, each, ("scene",), 1)
        assert dead_letters.quarantined(connection, theirs) == {(0, "scene", "r1")}
        assert dead_letters.quarantined(connection, others) == set()


def test_an_id_of_another_tenant_is_taken_and_nothing_is_compared(database_url: str) -> None:
    with db.connect(database_url) as connection:
        recording_id = begun(connection, "a", uuid4().hex * 2)
        same = asked("a")
        assert same_file(connection, recording_id, same).uri == same.uri
        for uri in ("file:///calls/7.wav", "file:///calls/8.wav"):
            with pytest.raises(IdTaken) as refused:
                same_file(connection, recording_id, asked("b", uri))
            assert refused.value.code == "id_taken"


def test_a_kept_reply_is_that_of_its_tenant(database_url: str) -> None:
    client = redis.client()
    with db.connect(database_url) as connection:
        stored, second = begun(connection, "a", uuid4().hex * 2), uuid4()
        answered.keep(client, second, asked("a"), reply(stored, duplicate=True), 60)
        assert answered.of_tenant(client, second, "a") == stored
        assert answered.of_tenant(client, second, "b") is None
        assert answered.of_tenant(client, uuid4(), "a") is None
        found = earlier(connection, second, asked("a"))
        assert found is not None
        assert found.recording_id == stored
        assert earlier(connection, second, asked("b")) is None
