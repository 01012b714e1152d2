"""Whatever dies, in whatever order: every chunk is merged once a round, with the right content, and every event is told once.

Hypothesis drives the ledger, the merge, the rounds and the outbox on a real Postgres and a real Redis. A crash is a real one: a
trigger ends the session's own backend in the midst of the transaction, at a table that the step names. A second trigger writes
down every merge and every closing, as a witness that is not the code under test.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from analysis.errors import Unavailable
from analysis.findings import Classification
from analysis.outcome import Failed, Succeeded
from analysis.request import IngestRequest
from analysis.types import ChunkKey, Interval
from storage import db, dead_letters, ledger, outbox, recordings, reports, requests, rounds, staging, stream
from storage.dead_letters import WORKER_LOST
from storage.ledger import Staged
from storage.recordings import NewChunk
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

WITNESS = """
CREATE TABLE witness (what text, recording_id uuid, index integer, round integer);
CREATE FUNCTION saw_chunk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness VALUES ('merged', NEW.recording_id, NEW.index, NEW.round); RETURN NULL;
END $$;
CREATE TRIGGER saw AFTER UPDATE ON chunk FOR EACH ROW
    WHEN (NEW.state = 'merged') EXECUTE FUNCTION saw_chunk();
CREATE FUNCTION saw_recording() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness VALUES ('closed', NEW.id, NULL, NEW.round); RETURN NULL;
END $$;
CREATE TRIGGER saw AFTER UPDATE ON recording FOR EACH ROW
    WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION saw_recording();
"""
CRASH = """
CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('crash.at', true) = TG_TABLE_NAME THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NULL;
END $$;
"""
CRASHING = ("finding", "outbox", "chunk", "dead_letter", "recording", "report")
FOUND = """
SELECT c.recording_id, c.index, c.round, c.wanted, c.state, f.analysis, f.outcome
FROM chunk c LEFT JOIN finding f ON f.recording_id = c.recording_id AND f.chunk_index = c.index
"""
POINTS = (None, *CRASHING, "settle")
"""Where a step dies: nowhere, in its transaction when that table is written, or after its commit."""
ANALYSES = ("loudness", "pitch", "pace")


@pytest.fixture(scope="module")
def ground() -> Iterator[Stack]:
    """Servers whose tables are watched, and can crash."""
    with servers() as started, db.connect(started.database_url) as connection:
        connection.execute(WITNESS.encode())
        connection.execute(CRASH.encode())
        for table in CRASHING:
            connection.execute(f"CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {table} EXECUTE FUNCTION crash()".encode())
        yield started


class Pipeline(RuleBasedStateMachine):
    """What dispatcher, workers, merger, finalizer, reconciler and operator may do, in any order, dying anywhere."""

    ground: Stack

    @initialize()
    def start(self) -> None:
        self.redis = Redis.from_url(self.ground.redis_url)
        self.redis.flushall()
        self.connection = db.connect(self.ground.database_url)
        self.connection.execute("TRUNCATE recording, outbox, witness CASCADE")
        self.recordings: list[UUID] = []
        self.batches: list[list[ChunkKey]] = []
        self.said: dict[tuple[ChunkKey, str], Staged] = {}
        self.answered: set[tuple[UUID, int, str]] = set()
        self.take_in(2)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.settle_everything()
            self.connection.close()
            self.redis.close()

    @rule(chunks=st.integers(1, 2))
    @precondition(lambda self: len(self.recordings) < 2)
    def take_in(self, chunks: int) -> None:
        recording_id = uuid4()
        request = IngestRequest(uri="file:///calls/7.wav")
        recordings.register(self.connection, recording_id, request, ANALYSES, "en")
        requests.start(self.connection, recording_id, "me")
        recordings.claim_content(self.connection, recording_id, uuid4().hex * 2)
        spans = [Interval(start_ms=i * 100, end_ms=i * 100 + 100) for i in range(chunks)]
        plan = [NewChunk(index=i, span=span, speech=(), wanted=ANALYSES) for i, span in enumerate(spans)]
        facts = {"duration_ms": chunks * 100, "channels": 1, "native_rate": 8000, "container": "wav", "codec": "pcm"}
        facts |= {"dual_mono": False, "audio": {"16000": "file:///audio/x.pcm"}, "notes": [], "roles": []}
        recordings.store_plan(self.connection, recording_id, facts, plan)
        self.recordings.append(recording_id)

    @rule(data=st.data(), published=st.booleans())
    @precondition(lambda self: self.recordings)
    def dispatch(self, data: st.DataObject, published: bool) -> None:
        recording_id = data.draw(st.sampled_from(self.recordings))
        keys = self._take(recording_id)
        if not published and keys:  # the dispatcher died in between
            self.batches.remove(keys)

    @rule(data=st.data(), names=st.sampled_from((ANALYSES, ANALYSES[:1], ANALYSES[1:])), fails=st.booleans())
    @precondition(lambda self: self.batches)
    def analyze(self, data: st.DataObject, names: tuple[str, ...], fails: bool) -> None:
        """Jobs of a batch that was dispatched some time, be it late, again, or of an earlier round."""
        keys = data.draw(st.sampled_from(self.batches))
        for name in names:
            self._stage(keys, name, fails)

    @rule(data=st.data(), crash=st.sampled_from(POINTS))
    @precondition(lambda self: self.batches)
    def merge(self, data: st.DataObject, crash: str | None) -> None:
        """The body of a batch's chord: when it is due, too early, or once more."""
        self._merge(data.draw(st.sampled_from(self.batches)), crash)

    @rule(crash=st.sampled_from(POINTS))
    def finalize(self, crash: str | None) -> None:
        for recording_id in ledger.unfinalized(self.connection):
            with self._session(crash) as session:
                reports.finalize(session, recording_id)

    @rule(crash=st.sampled_from((None, "outbox")))
    def relay(self, crash: str | None) -> None:
        with self._session(crash) as session:
            outbox.restore(session, self.redis)
            outbox.relay(session, self.redis)

    @rule(data=st.data(), fails=st.booleans())
    @precondition(lambda self: self.recordings)
    def undisturbed(self, data: st.DataObject, fails: bool) -> None:
        """Once through everything without a crash, for a recording that has something left to do."""
        recording_id = data.draw(st.sampled_from(self.recordings))
        keys = self._take(recording_id)
        for name in ANALYSES:
            self._stage(keys, name, fails)
        self._merge(keys, None)
        self.finalize(None)

    @rule(data=st.data(), fails=st.booleans(), crash=st.sampled_from(POINTS))
    @precondition(lambda self: self.batches)
    def late(self, data: st.DataObject, fails: bool, crash: str | None) -> None:
        """A whole chord comes back long after anybody waited for it, perhaps in a later round."""
        keys = data.draw(st.sampled_from(self.batches))
        for name in ANALYSES:
            self._stage(keys, name, fails)
        self._merge(keys, crash)
        self._merge(keys, None)

    @rule()
    def reconcile(self) -> None:
        for late in ledger.on_their_way(self.connection, 0):
            ledger.release(self.connection, late)

    @rule(data=st.data(), crash=st.sampled_from((None, "chunk", "dead_letter", "recording")))
    @precondition(lambda self: self.recordings)
    def rerun(self, data: st.DataObject, crash: str | None) -> None:
        recording_id = data.draw(st.sampled_from(self.recordings))
        recording = recordings.get(self.connection, recording_id)
        assert recording is not None
        if recording.finished_at is not None and recording.round < 3:
            names = data.draw(st.sets(st.sampled_from(ANALYSES), min_size=1))
            with self._session(crash) as session:
                rounds.reopen(session, recording_id, {0: names})

    @rule()
    def redis_loses_everything(self) -> None:
        self.redis.flushall()

    @invariant()
    def nothing_happens_twice(self) -> None:
        if not hasattr(self, "connection"):
            return
        seen = Counter(tuple(row.values()) for row in self.connection.execute("SELECT * FROM witness"))
        assert all(times == 1 for times in seen.values()), seen
        told = Counter(event["id"] for _, event in stream.read(self.redis, count=10_000))
        assert all(times == 1 for times in told.values()), told

    @invariant()
    def what_is_merged_is_what_was_said(self) -> None:
        if not hasattr(self, "connection"):
            return
        for row in self.connection.execute(FOUND):
            if row["analysis"] is None:
                assert row["state"] != "merged"
                continue
            rounds_said = [
                staged.outcome
                for (key, analysis), staged in self.said.items()
                if (key.recording_id, key.index, analysis) == (row["recording_id"], row["index"], row["analysis"])
            ]
            assert row["outcome"] in [outcome.model_dump(mode="json") for outcome in rounds_said]
            if row["state"] == "merged" and row["analysis"] in row["wanted"] and row["outcome"]["status"] != "failed":
                key = ChunkKey(recording_id=row["recording_id"], index=row["index"], round=row["round"])
                newest = self.said[key, row["analysis"]].outcome
                assert newest.status == "failed" or row["outcome"] == newest.model_dump(mode="json")

    @invariant()
    def an_answer_is_not_lost_to_a_failure(self) -> None:
        if not hasattr(self, "connection"):
            return
        rows = self.connection.execute("SELECT recording_id, chunk_index, analysis, status FROM finding").fetchall()
        status = {(row["recording_id"], row["chunk_index"], row["analysis"]): row["status"] for row in rows}
        assert all(status[key] == "succeeded" for key in self.answered)
        self.answered = {key for key, word in status.items() if word == "succeeded"}

    @invariant()
    def old_answers_stay_readable(self) -> None:
        if not hasattr(self, "connection"):
            return
        for recording_id in self.recordings:
            recording = recordings.get(self.connection, recording_id)
            assert recording is not None
            closed_before = recording.finished_at is not None or recording.round > 1
            assert (recordings.report(self.connection, recording_id) is not None) == closed_before

    def settle_everything(self) -> None:
        """From any state, the ordinary steps without a crash end with everything merged, closed and told."""
        for _ in range(2):
            self.reconcile()
            for recording_id in self.recordings:
                keys = self._take(recording_id)
                for analysis in ANALYSES:
                    self._stage(keys, analysis, False)
                self._merge(keys, None)
            self.finalize(None)
            self.relay(None)
        assert ledger.unmerged(self.connection) == 0
        states = [recordings.get(self.connection, each) for each in self.recordings]
        assert all(each is not None and each.state in ("complete", "partial") for each in states)
        told = {event["id"] for _, event in stream.read(self.redis, count=10_000)}
        stored = {str(row["id"]) for row in self.connection.execute("SELECT id FROM outbox")}
        assert told == stored
        letters = {(each.recording_id, each.chunk_index, each.analysis) for each in dead_letters.listed(self.connection)}
        dead = "SELECT recording_id, chunk_index, analysis FROM finding WHERE outcome ->> 'code' = %s"
        assert {tuple(row.values()) for row in self.connection.execute(dead, (WORKER_LOST,))} <= letters
        self.nothing_happens_twice()
        self.what_is_merged_is_what_was_said()

    def _take(self, recording_id: UUID) -> list[ChunkKey]:
        rows = ledger.take_pending(self.connection, recording_id)
        keys = [ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"]) for row in rows]
        self.batches += [keys] if keys else []
        return keys

    def _stage(self, keys: list[ChunkKey], analysis: str, fails: bool) -> None:
        """The same round says the same, however often it is asked: outcomes are deterministic."""
        for key in keys:
            staged = self.said.setdefault((key, analysis), _outcome(key, analysis, fails))
            staging.put(self.redis, analysis, {key: staged}, 60)

    def _merge(self, keys: list[ChunkKey], crash: str | None) -> None:
        staged = staging.get(self.redis, keys)
        with self._session(crash) as session:
            merged = ledger.merge(session, staged)
            outbox.relay(session, self.redis)
            if crash != "settle":
                staging.settle(self.redis, merged, 60)

    @contextlib.contextmanager
    def _session(self, crash: str | None) -> Iterator[db.Connection]:
        """A connection of its own, which dies at the first write to ``crash``."""
        with contextlib.suppress(psycopg.OperationalError, Unavailable), db.connect(self.ground.database_url) as session:
            session.execute("SELECT set_config('crash.at', %s, false)", (crash or "",))
            yield session


def _outcome(key: ChunkKey, analysis: str, fails: bool) -> Staged:
    if fails:
        return Staged(release="r1", outcome=Failed(code=WORKER_LOST, detail="three times"), worker="cpu@here")
    label = "speech" if (key.index + key.round) % 2 else "noise"
    answer = Classification(label=label, confidence=1.0, scores={label: 1.0}) if analysis == ANALYSES[0] else None
    text = {"label": f"{analysis} {key.recording_id} {key.index} {key.round}"}
    return Staged(release=f"r{key.round}", outcome=Succeeded(findings=text, classification=answer))


def test_whatever_dies_everything_happens_once(ground: Stack) -> None:
    machine = type("Machine", (Pipeline,), {"ground": ground})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=checks)
    )
