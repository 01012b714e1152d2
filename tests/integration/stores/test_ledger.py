"""The ledger and the outbox against a real Postgres and a real Redis: what happens once, happens
once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from redis import Redis

from earshot.analysis.errors import BadAudio, Transient
from earshot.analysis.findings import Classification
from earshot.analysis.outcome import Failed, Skipped, Succeeded
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import ChunkKey
from earshot.storage import outbox, staging
from earshot.storage.postgres import db, ledger, recordings, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.requests import OpenRequest
from earshot.storage.redis import claims, stream
from tests.integration.rows import planned, registered, store

pytestmark = pytest.mark.integration

ANSWER = Classification(label="speech", confidence=0.75, scores={"speech": 0.75, "noise": 0.25})
SAID = {
    "scene": Staged(
        release="scene-1", outcome=Succeeded(findings={"label": "speech"}, classification=ANSWER)
    ),
    "asr": Staged(release="asr-1", outcome=Skipped(reason="no_speech")),
    "emotion": Staged(release="emotion-1", outcome=Failed(code="boom", detail="it broke")),
}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def keys(recording_id: UUID, count: int) -> list[ChunkKey]:
    return [ChunkKey(recording_id=recording_id, index=index) for index in range(count)]


def count(connection: Connection, query: str, recording_id: UUID) -> int:
    row = connection.execute(query.encode(), {"id": recording_id}).fetchone()
    assert row is not None
    return int(row["n"])


FINDINGS = "SELECT count(*) AS n FROM finding WHERE recording_id = %(id)s"
EVENTS = "SELECT count(*) AS n FROM outbox WHERE recording_id = %(id)s"


def test_the_same_content_has_one_owner(connection: Connection) -> None:
    sha256 = uuid4().hex * 2
    first, second, forced = (
        registered(connection, SAID),
        registered(connection, SAID),
        registered(connection, SAID, force=True),
    )
    for each in (first, second, forced):
        recordings.note_content(connection, each, sha256)
    assert recordings.claim_content(connection, first, ()) is None
    assert recordings.claim_content(connection, second, ()) == first
    assert recordings.get(connection, second) is not None, (
        "its request is not done before the owner answers for it"
    )
    assert recordings.claim_content(connection, forced, ()) is None


def test_with_other_roles_or_in_another_language_it_has_another_owner(
    connection: Connection,
) -> None:
    sha256 = uuid4().hex * 2
    english, german, roles, late = (
        registered(connection, SAID, language=each) for each in ("en", "de", "en", "en")
    )
    for each in (english, german, roles, late):
        recordings.note_content(connection, each, sha256)
    assert recordings.claim_content(connection, english, ()) is None
    assert recordings.claim_content(connection, german, ()) is None
    assert recordings.claim_content(connection, roles, ("agent", "customer")) is None
    assert recordings.claim_content(connection, late, ("agent", "customer")) == roles


def test_a_file_that_changed_between_two_tries_gives_its_claim_up(connection: Connection) -> None:
    before, after = uuid4().hex * 2, uuid4().hex * 2
    first, second = registered(connection, SAID), registered(connection, SAID)
    for each, sha256 in ((first, before), (second, after)):
        recordings.note_content(connection, each, sha256)
        assert recordings.claim_content(connection, each, ()) is None
    recordings.note_content(connection, first, after)
    assert recordings.claim_content(connection, first, ()) == second


def test_failed_content_may_be_tried_again(connection: Connection) -> None:
    sha256 = uuid4().hex * 2
    first, second = registered(connection, SAID), registered(connection, SAID)
    for each in (first, second):
        recordings.note_content(connection, each, sha256)
    assert recordings.claim_content(connection, first, ()) is None
    assert recordings.fail(
        connection, first, BadAudio("truncated", "7.wav ends early"), ("ingesting",)
    )
    assert not recordings.fail(
        connection, first, BadAudio("empty", "7.wav is empty"), ("ingesting",)
    )
    assert recordings.claim_content(connection, second, ()) is None
    failed = recordings.get(connection, first)
    assert failed is not None
    assert (failed.state, failed.error_code) == ("failed", "truncated")
    assert count(connection, EVENTS, first) == 1


def test_a_recording_cannot_fail_without_saying_why(connection: Connection) -> None:
    recording_id = registered(connection, SAID)
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE recording SET state = 'failed', finished_at = now() WHERE id = %s",
            (recording_id,),
        )


def test_two_dispatchers_never_take_the_same_chunk(
    database_url: str, connection: Connection
) -> None:
    recording_id = planned(connection, SAID, 200)

    def take(_: int) -> list[int]:
        with db.connect(database_url) as own:
            return [row["index"] for row in ledger.take_pending(own, recording_id)]

    with ThreadPoolExecutor(4) as threads:
        taken = [index for indexes in threads.map(take, range(8)) for index in indexes]
    assert sorted(taken) == list(range(200))


def test_a_batch_that_comes_many_times_at_once_is_merged_once(
    database_url: str, connection: Connection
) -> None:
    recording_id = planned(connection, SAID, 40)
    ledger.take_pending(connection, recording_id)
    batches = [
        dict.fromkeys(keys(recording_id, 40)[start : start + 25], SAID) for start in (0, 5, 10, 15)
    ] * 2

    def merge(batch: dict[ChunkKey, dict[str, Staged]]) -> int:
        with db.connect(database_url) as own:
            return len(ledger.merge(own, batch))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(merge, batches)) == 40
    assert ledger.all_merged(connection, recording_id)
    assert count(connection, FINDINGS, recording_id) == 40 * len(SAID)
    assert count(connection, EVENTS, recording_id) == 40  # one classification a chunk


def test_a_merge_that_dies_leaves_nothing(connection: Connection) -> None:
    recording_id = planned(connection, SAID, 2)
    ledger.take_pending(connection, recording_id)
    bad = {
        **SAID,
        "asr": SAID["asr"].model_copy(update={"release": "\x00"}),
    }  # Postgres refuses NUL in text
    with pytest.raises(psycopg.DataError):
        ledger.merge(connection, dict.fromkeys(keys(recording_id, 2), bad))
    assert count(connection, FINDINGS, recording_id) == 0
    assert count(connection, EVENTS, recording_id) == 0
    assert not ledger.all_merged(connection, recording_id)


def test_late_chunks_are_found_and_released_once(connection: Connection) -> None:
    recording_id = planned(connection, SAID, 3)
    ledger.take_pending(connection, recording_id)
    assert _late(connection, recording_id) == []  # on its way
    _age(connection, recording_id, timedelta(minutes=2))
    found = _late(connection, recording_id)
    assert [(each.index, each.attempts) for each in found] == [(0, 1), (1, 1), (2, 1)]
    assert ledger.release(connection, found[0])
    assert [row["attempts"] for row in ledger.take_pending(connection, recording_id)] == [2]
    assert not ledger.release(
        connection, found[0]
    )  # an old finding does not take back the new dispatch
    assert ledger.take_pending(connection, recording_id) == []


def test_what_could_not_be_published_was_no_attempt(connection: Connection) -> None:
    recording_id = planned(connection, SAID, 1)
    for _ in range(5):
        rows = ledger.take_pending(connection, recording_id)
        assert [row["attempts"] for row in rows] == [1]
        ledger.give_back(connection, recording_id, rows)


def test_a_dispatcher_that_comes_back_late_does_not_take_back_anothers_dispatch(
    connection: Connection,
) -> None:
    recording_id = planned(connection, SAID, 1)
    mine = ledger.take_pending(connection, recording_id)
    _age(connection, recording_id, timedelta(minutes=2))
    assert ledger.release(connection, _late(connection, recording_id)[0])
    assert [row["attempts"] for row in ledger.take_pending(connection, recording_id)] == [2]
    ledger.give_back(connection, recording_id, mine)
    assert ledger.take_pending(connection, recording_id) == []


def test_a_plan_that_comes_after_the_recording_was_closed_leaves_no_chunks(
    connection: Connection,
) -> None:
    recording_id = registered(connection, SAID)
    recordings.fail(connection, recording_id, BadAudio("corrupt", "it is"), ("ingesting",))
    before = ledger.unmerged(connection)
    store(connection, recording_id, tuple(SAID), 3)
    assert ledger.unmerged(connection) == before


def test_of_two_that_find_a_late_request_one_sends_it_again(connection: Connection) -> None:
    recording_id = registered(connection, SAID)
    assert _open_request(connection, recording_id) == []
    connection.execute(
        "UPDATE recording SET ingest_sent_at = now() - interval '2 minutes' WHERE id = %s",
        (recording_id,),
    )
    [found] = _open_request(connection, recording_id)
    sent = requests.send_again(connection, found)
    assert IngestRequest.model_validate(sent).recording_id == recording_id
    assert requests.send_again(connection, found) is None
    assert _open_request(connection, recording_id) == []


def test_failing_surroundings_are_no_attempt(connection: Connection) -> None:
    recording_id = registered(connection, SAID)
    for _ in range(5):
        requests.excuse(connection, recording_id)
        assert _attempt(connection, recording_id) == 1


def test_two_workers_never_take_in_the_same_recording(
    database_url: str, connection: Connection
) -> None:
    recording_id = registered(connection, SAID)
    with requests.exclusive(recording_id, database_url):
        with pytest.raises(Transient) as caught, requests.exclusive(recording_id, database_url):
            pass
        assert caught.value.code == "busy"
    with requests.exclusive(recording_id, database_url) as own:
        assert _attempt(own, recording_id) == 2


def test_events_are_published_once_though_relays_race_and_forget(
    database_url: str, redis_url: str, connection: Connection
) -> None:
    recording_id = planned(connection, SAID, 120)
    ledger.take_pending(connection, recording_id)
    ledger.merge(connection, dict.fromkeys(keys(recording_id, 120), SAID))
    redis = Redis.from_url(redis_url)

    def relay(_: int) -> int:
        with db.connect(database_url) as own:
            return outbox.relay(own, redis)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(relay, range(3)))
    connection.execute(
        "UPDATE outbox SET published_at = NULL, stream_id = NULL WHERE recording_id = %s",
        (recording_id,),
    )
    assert outbox.relay(connection, redis) == 120  # as if every relay had died before its commit
    told = [
        body
        for _, body in stream.read(redis, count=10_000)
        if body["recording_id"] == str(recording_id)
    ]
    assert len(told) == 120
    assert len({body["id"] for body in told}) == 120
    assert {body["chunk"] for body in told} == set(range(120))
    assert told[0]["scene"] == ANSWER.model_dump(mode="json")


def test_staged_outcomes_are_found_until_the_merge_settles_them(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    one, two = keys(uuid4(), 2)
    later = one.model_copy(update={"round": 2})
    staging.put(redis, "scene", {one: SAID["scene"]}, ttl_sec=60)
    stands = claims.look(redis, {each: ["scene"] for each in (one, two, later)})
    assert [stands[each]["scene"].release for each in (one, two, later)] == ["scene-1", None, None]
    assert staging.get(redis, [one, two]) == {one: {"scene": SAID["scene"]}, two: {}}
    staging.settle(redis, [one], ttl_sec=60)
    assert staging.get(redis, [one]) == {one: {}}
    stands = claims.look(redis, {one: ["scene"], two: ["scene"]})
    assert stands[one]["scene"].merged
    assert not stands[two]["scene"].merged


def _attempt(connection: Connection, recording_id: UUID) -> int:
    attempt = requests.start(connection, recording_id, "me")
    assert attempt is not None
    return attempt.number


def _open_request(connection: Connection, recording_id: UUID) -> list[OpenRequest]:
    return [each for each in requests.unfinished(connection, 60) if each.id == recording_id]


def _late(connection: Connection, recording_id: UUID) -> list[ledger.OnItsWay]:
    return sorted(
        (o for o in ledger.on_their_way(connection, 60) if o.recording_id == recording_id),
        key=lambda o: o.index,
    )


def _age(connection: Connection, recording_id: UUID, by: timedelta) -> None:
    connection.execute(
        "UPDATE chunk SET dispatched_at = dispatched_at - %s WHERE recording_id = %s",
        (by, recording_id),
    )


def test_recordings_that_are_not_cut_yet_count_as_what_they_will_become(
    connection: Connection,
) -> None:
    before = ledger.waiting_requests(connection)
    older, younger = registered(connection, SAID), registered(connection, SAID)
    assert ledger.waiting_requests(connection) == before + 2
    ahead_of_both = requests.ahead(connection, older)
    requests.expect(connection, older, 3456)
    requests.expect(connection, younger, 10)
    assert ledger.waiting_requests(connection) == before + 3466
    # Of two at once one goes first: the younger waits for the older, never both for each other.
    assert requests.ahead(connection, older) == ahead_of_both
    assert requests.ahead(connection, younger) == ahead_of_both + 3456
    assert recordings.fail(connection, older, BadAudio("too_long", "too long"), ("ingesting",))
    assert requests.ahead(connection, younger) == ahead_of_both
