"""The invariants of ``test_effect_once``, valid at every moment and after any failure."""

from collections import Counter
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, invariant
from redis import Redis

from earshot.analysis.types import ChunkKey
from earshot.storage.postgres import db, recordings
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import stream
from tests.integration.ground import found, seen, told
from tests.integration.holders import Holders
from tests.servers import Stack

ANALYSES = ("loudness", "pitch", "pace")


class Once(RuleBasedStateMachine):
    """The record of submitted, dispatched and published items, and the expected contents of the
    tables, the stream and the claims."""

    ground: Stack

    def begin_anew(self) -> None:
        """Nothing was ever handed in."""
        self.redis = Redis.from_url(self.ground.redis_url)
        self.redis.flushall()
        self.holders = Holders(self.redis)
        self.connection = db.connect(self.ground.database_url)
        self.connection.execute("TRUNCATE recording, outbox, witness CASCADE")
        self.recordings: list[UUID] = []
        self.batches: list[list[ChunkKey]] = []
        self.said: dict[tuple[ChunkKey, str], Staged] = {}
        self.answered: set[tuple[UUID, int, str]] = set()

    @invariant()
    def claims_and_deaths_are_counted_once(self) -> None:
        self.holders.check()

    @invariant()
    def nothing_happens_twice(self) -> None:
        happened = Counter(seen(self.connection))
        assert all(times == 1 for times in happened.values()), happened
        published = Counter(event["id"] for _, event in stream.read(self.redis, count=10_000))
        assert all(times == 1 for times in published.values()), published

    @invariant()
    def what_is_merged_is_what_was_said(self) -> None:
        for row in found(self.connection):
            if row["analysis"] is None:
                assert row["state"] != "merged"
                continue
            rounds_said = [
                staged.outcome
                for (key, analysis), staged in self.said.items()
                if (key.recording_id, key.index, analysis)
                == (row["recording_id"], row["index"], row["analysis"])
            ]
            assert row["outcome"] in [outcome.model_dump(mode="json") for outcome in rounds_said]
            if (
                row["state"] == "merged"
                and row["analysis"] in row["wanted"]
                and row["outcome"]["status"] != "failed"
            ):
                key = ChunkKey(
                    recording_id=row["recording_id"], index=row["index"], round=row["round"]
                )
                newest = self.said[key, row["analysis"]].outcome
                assert newest.status == "failed" or row["outcome"] == newest.model_dump(mode="json")

    @invariant()
    def the_newest_event_tells_the_answer_that_holds(self) -> None:
        newest = {
            (row["recording_id"], row["chunk"], name): (row["body"]["release"], row["body"][name])
            for row in told(self.connection)
            for name in ANALYSES
            if name in row["body"]
        }
        answers = {
            (row["recording_id"], row["index"], row["analysis"]): (
                row["release"],
                row["outcome"]["classification"],
            )
            for row in found(self.connection)
            if row["status"] == "succeeded" and row["outcome"]["classification"]
        }
        assert newest == answers

    @invariant()
    def an_answer_is_not_lost_to_a_failure(self) -> None:
        status = {
            (row["recording_id"], row["index"], row["analysis"]): row["status"]
            for row in found(self.connection)
        }
        assert all(status[key] == "succeeded" for key in self.answered)
        self.answered = {key for key, word in status.items() if word == "succeeded"}

    @invariant()
    def old_answers_stay_readable(self) -> None:
        for recording_id in self.recordings:
            recording = recordings.get(self.connection, recording_id)
            assert recording is not None
            closed_before = recording.finished_at is not None or recording.round > 1
            assert (recordings.report(self.connection, recording_id) is not None) == closed_before
