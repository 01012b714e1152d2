"""After failures in any order, every chunk is merged once a round, with the right content, and
every event is published once.

Hypothesis drives the ledger, the merge, the claims, the rounds and the outbox on a real Postgres
and a real Redis; sessions die in the midst of their transactions (``tests.integration.ground``).
"""

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from earshot.analysis.findings import Classification
from earshot.analysis.outcome import Failed, Succeeded
from earshot.analysis.types import ChunkKey
from earshot.pipeline.finalize import finalize
from earshot.storage import outbox, staging
from earshot.storage.postgres import dead_letters, ledger, recordings, rounds
from earshot.storage.postgres.dead_letters import WORKER_LOST
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import stream
from tests.integration.ground import CRASHING, session, watched
from tests.integration.holders import TTL_SEC
from tests.integration.once import ANALYSES, Once
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

POINTS = (None, *CRASHING, "settle")
"""Where a step dies: nowhere, in its transaction when that table is written, or after its
commit."""


@pytest.fixture(scope="module")
def ground() -> Iterator[Stack]:
    with watched() as started:
        yield started


class Pipeline(Once):
    """What dispatcher, workers, merger, finalizer, reconciler and operator may do, in any order,
    dying anywhere."""

    @initialize()
    def start(self) -> None:
        self.begin_anew()
        self.take_in(2)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.settle_everything()
            self.connection.close()
            self.redis.close()

    @rule(chunks=st.integers(1, 2))
    @precondition(lambda self: len(self.recordings) < 2)
    def take_in(self, chunks: int) -> None:
        self.recordings.append(planned(self.connection, ANALYSES, chunks))

    @rule(data=st.data(), published=st.booleans())
    @precondition(lambda self: self.recordings)
    def dispatch(self, data: st.DataObject, published: bool) -> None:
        recording_id = data.draw(st.sampled_from(self.recordings))
        keys = self._take(recording_id)
        if not published and keys:  # the dispatcher died in between
            self.batches.remove(keys)

    @rule(
        data=st.data(),
        names=st.sampled_from((ANALYSES, ANALYSES[:1], ANALYSES[1:])),
        fails=st.booleans(),
    )
    @precondition(lambda self: self.batches)
    def analyze(self, data: st.DataObject, names: tuple[str, ...], fails: bool) -> None:
        """Jobs of a batch that was dispatched some time, be it late, again, or of an earlier
        round."""
        keys = data.draw(st.sampled_from(self.batches))
        for name in names:
            self._stage(keys, name, fails)

    @rule(data=st.data(), name=st.sampled_from(ANALYSES), died=st.booleans())
    @precondition(lambda self: self.batches)
    def begin(self, data: st.DataObject, name: str, died: bool) -> None:
        """Starts work on a chunk, in place of the previous holder, which died or released it."""
        self.holders.take(
            (data.draw(st.sampled_from(data.draw(st.sampled_from(self.batches)))), name), died
        )

    @rule(data=st.data(), blame=st.booleans())
    @precondition(lambda self: self.holders.ever)
    def give_back(self, data: st.DataObject, blame: bool) -> None:
        """By the one who is at work on it, or by one who was before."""
        self.holders.give_back(*data.draw(st.sampled_from(self.holders.ever)), blame)

    @rule(data=st.data(), crash=st.sampled_from(POINTS))
    @precondition(lambda self: self.batches)
    def merge(self, data: st.DataObject, crash: str | None) -> None:
        """The body of a batch's chord: when it is due, too early, or once more."""
        self._merge(data.draw(st.sampled_from(self.batches)), crash)

    @rule(crash=st.sampled_from(POINTS))
    def finalize(self, crash: str | None) -> None:
        for recording_id in ledger.unfinalized(self.connection):
            with session(self.ground.database_url, crash) as own:
                finalize(own, recording_id)

    @rule(crash=st.sampled_from((None, "outbox")))
    def relay(self, crash: str | None) -> None:
        with session(self.ground.database_url, crash) as own:
            outbox.restore(own, self.redis)
            outbox.relay(own, self.redis)

    @rule(data=st.data(), fails=st.booleans())
    @precondition(lambda self: self.recordings)
    def undisturbed(self, data: st.DataObject, fails: bool) -> None:
        """Once through everything without a crash; a recording that is finished is begun anew."""
        recording_id = data.draw(st.sampled_from(self.recordings))
        self._rerun(recording_id, set(ANALYSES), None)
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
        names = data.draw(st.sets(st.sampled_from(ANALYSES), min_size=1))
        self._rerun(data.draw(st.sampled_from(self.recordings)), names, crash)

    @rule()
    def redis_loses_everything(self) -> None:
        self.redis.flushall()
        self.holders.lost()

    def settle_everything(self) -> None:
        """From any state, the ordinary steps without a crash end with everything merged, closed and
        published."""
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
        published = {event["id"] for _, event in stream.read(self.redis, count=10_000)}
        assert published == {
            str(row["id"]) for row in self.connection.execute("SELECT id FROM outbox")
        }
        letters = {
            (each.recording_id, each.chunk_index, each.analysis)
            for each in dead_letters.listed(self.connection)
        }
        dead = (
            "SELECT recording_id, chunk_index, analysis FROM finding WHERE outcome ->> 'code' = %s"
        )
        assert {
            tuple(row.values()) for row in self.connection.execute(dead, (WORKER_LOST,))
        } <= letters
        self.nothing_happens_twice()
        self.what_is_merged_is_what_was_said()

    def _rerun(self, recording_id: UUID, names: set[str], crash: str | None) -> None:
        recording = recordings.get(self.connection, recording_id)
        assert recording is not None
        if recording.finished_at is not None and recording.round < 4:
            with session(self.ground.database_url, crash) as own:
                rounds.reopen(own, recording_id, {0: names})

    def _take(self, recording_id: UUID) -> list[ChunkKey]:
        rows = ledger.take_pending(self.connection, recording_id)
        keys = [
            ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"])
            for row in rows
        ]
        self.batches += [keys] if keys else []
        return keys

    def _stage(self, keys: list[ChunkKey], analysis: str, fails: bool) -> None:
        """Repeated analyses of a round return the same: outcomes are deterministic."""
        for key in keys:
            staged = self.said.setdefault((key, analysis), _outcome(key, analysis, fails))
            staging.put(self.redis, analysis, {key: staged}, TTL_SEC)
            self.holders.answered((key, analysis))

    def _merge(self, keys: list[ChunkKey], crash: str | None) -> None:
        staged = staging.get(self.redis, keys)
        with session(self.ground.database_url, crash) as own:
            merged = ledger.merge(own, staged)
            outbox.relay(own, self.redis)
            if crash != "settle":
                staging.settle(self.redis, merged, TTL_SEC)
                self.holders.merged(merged)


def _outcome(key: ChunkKey, analysis: str, fails: bool) -> Staged:
    if fails:
        return Staged(
            release="r1", outcome=Failed(code=WORKER_LOST, detail="three times"), worker="cpu@here"
        )
    label = "speech" if (key.index + key.round) % 2 else "noise"
    answer = (
        Classification(label=label, confidence=1.0, scores={label: 1.0})
        if analysis == ANALYSES[0]
        else None
    )
    text = {"label": f"{analysis} {key.recording_id} {key.index} {key.round}"}
    return Staged(release="r1", outcome=Succeeded(findings=text, classification=answer))


def test_whatever_dies_everything_happens_once(ground: Stack) -> None:
    machine = type("Machine", (Pipeline,), {"ground": ground})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=checks
        ),
    )
