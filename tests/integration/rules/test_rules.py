"""Rules over stored calls and new reports, in real Postgres."""

import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psutil
import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.rules.evaluate import evaluate
from earshot.analysis.rules.facts import Facts
from earshot.analysis.rules.rule import Rule
from earshot.pipeline.finalize import finalize
from earshot.pipeline.rules import backfill, trial
from earshot.storage.postgres import corrections, db, rounds, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.rules import stored
from tests import stored_calls
from tests.integration.rows import planned
from tests.integration.stores.test_finalize import dispatched, merge, scene
from tests.servers import servers

pytestmark = pytest.mark.integration

CALLS = 2_000
WORDS: dict[str, Any] = {
    "all": [
        {"words": ["cancel my resiliation"], "role": "customer", "within": {"first_part": 0.5}},
        {"not": {"words": ["sorry"], "role": "agent"}},
    ]
}
DRY_RUN_SEC, BACKFILL_SEC = 2.0, 10.0
"""For one rule over two thousand calls, on two cores."""
SEVERAL: list[dict[str, Any]] = [
    WORDS,
    {"regex": r"cancel \pL+"},
    {"words": ["monday phone", "zebra"], "count": 2},
    {"words": ["the"], "min_confidence": 0.9, "within": {"last_sec": 30}},
    {"emotion": ["angry"], "role": "customer", "count": 10},
    {"sentiment": ["negative"], "within": {"last_part": 0.25}, "count": 3},
    {"sentiment": ["negative"], "of": "text"},
    {"silence": {"each_sec": 4.5}, "count": 8},
    {"interruptions": {}, "role": "customer"},
    {"sound": ["telephone_bell"]},
    {"not": {"sound": ["telephone_bell"]}},
    {"topic": ["billing"]},
    {"words": ["monday"], "role": "lawyer"},
    {"any": [{"words": ["zebra"]}, {"figure": "silence_ms", "at_least": 90_000}]},
]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with servers() as started, db.connect(started.database_url) as opened:
        # Two indexes of labels, which take most of the time that is needed to store the calls.
        opened.execute("DROP INDEX report_shown_labels")
        stored_calls.plant(opened, "acme", CALLS)
        stored_calls.plant(opened, "small", 60)
        yield opened


def rule(when: dict[str, Any], name: str = "r", **more: Any) -> Rule:
    return Rule.model_validate({"name": name, "when": when, **more})


def run(connection: Connection, tenant: str, name: str, batch: int = 200) -> backfill.Backfill:
    begun = backfill.begin(connection, tenant, name, None, "test")
    for _ in range(CALLS):
        if not backfill.step(connection, begun.id, batch):
            break
    return backfill.of_rule(connection, begun.rule_id)[0]


def events(connection: Connection, rule_id: UUID) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT body FROM outbox WHERE body ->> 'rule' = %s ORDER BY seq", (str(rule_id),)
    )
    return [row["body"] for row in rows]


def first_of(connection: Connection, tenant: str) -> list[UUID]:
    rows = connection.execute(
        "SELECT id FROM recording WHERE tenant = %s ORDER BY created_at DESC, id DESC", (tenant,)
    )
    return [row["id"] for row in rows]


class Stopwatch:
    """Processor time of this process and of its session in Postgres, and time by the clock. The two
    processes alternate, so that on cores without other work they sum to the time by the clock."""

    def __init__(self, connection: Connection) -> None:
        self.both = (psutil.Process(), psutil.Process(connection.info.backend_pid))
        self.begun, self.at = self._spent(), time.perf_counter()

    def _spent(self) -> float:
        return sum(sum(each.cpu_times()[:2]) for each in self.both)

    def read(self) -> tuple[float, float]:
        return self._spent() - self.begun, time.perf_counter() - self.at


@pytest.mark.parametrize("when", [WORDS, {"silence": {"each_sec": 4.5}, "count": 8}])
def test_one_rule_over_two_thousand_calls(
    connection: Connection, when: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    watch = Stopwatch(connection)
    tried = trial.dry_run(connection, "acme", rule(when))
    dry = watch.read()
    assert (tried.calls, tried.more, tried.everything) == (CALLS, False, False)
    assert 0 < tried.matched < CALLS / 2
    made, _ = stored.put(connection, "acme", rule(when, "timed"), "test")
    watch = Stopwatch(connection)
    done = run(connection, "acme", "timed")
    fill = watch.read()
    assert (done.calls, done.matched) == (CALLS, tried.matched)
    assert len(events(connection, made.id)) >= tried.matched
    figures = (
        f"{CALLS} calls, {done.matched} matches: dry run {dry[0]:.2f} s of processors in"
        f" {dry[1]:.2f} s, back-fill {fill[0]:.2f} s in {fill[1]:.2f} s"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert dry[0] < DRY_RUN_SEC, figures
    assert fill[0] < BACKFILL_SEC, figures


@pytest.mark.parametrize("when", SEVERAL)
def test_what_is_read_of_stored_calls_decides_as_the_whole_report(
    connection: Connection, when: dict[str, Any]
) -> None:
    one = rule(when)
    whole = []
    for id in first_of(connection, "small"):
        report = corrections.report(connection, id)
        assert report is not None
        whole.append(evaluate(one, Facts(report)))
    tried = trial.dry_run(connection, "small", one)
    assert tried.calls == len(whole)
    assert tried.matched == sum(each.holds is True for each in whole)
    assert sum(tried.undecided.values()) == sum(each.holds is None for each in whole)


def test_a_rule_that_matches_everything_is_noticed(connection: Connection) -> None:
    tried = trial.dry_run(connection, "small", rule({"regex": "."}), most=50)
    assert (tried.calls, tried.matched, tried.everything, tried.more) == (50, 50, True, True)
    assert len(tried.examples) == trial.EXAMPLES


def test_a_backfill_is_repeated_without_effect(connection: Connection) -> None:
    bell: dict[str, Any] = {"sound": ["telephone_bell"]}
    made, changed = stored.put(connection, "small", rule(bell, "bell"), "anna")
    assert changed
    begun = backfill.begin(connection, "small", "bell", None, "anna")
    assert backfill.step(connection, begun.id, 25)
    assert backfill.begin(connection, "small", "bell", None, "anna").id == begun.id
    assert backfill.of_rule(connection, made.id)[0].calls == 25, "continued from there"
    assert backfill.proceed(connection) == 1
    done = backfill.of_rule(connection, made.id)[0]
    assert (done.calls, done.matched, done.finished_at is None) == (60, 15, False)
    told = events(connection, made.id)
    assert len(told) == len({each["recording_id"] for each in told}) == 15
    assert told[0] | {"id": "", "recording_id": ""} == {
        "type": "rule.matched", "id": "", "recording_id": "", "rule": str(made.id), "version": 1,
        "name": "bell", "start_ms": 0, "end_ms": 900, "hits": 1}  # fmt: skip
    assert run(connection, "small", "bell", 7).matched == 15
    assert events(connection, made.id) == told
    report = corrections.report(connection, UUID(told[0]["recording_id"]))
    assert report is not None
    assert [(each["name"], each["version"]) for each in report["categories"]] == [("bell", 1)]

    assert stored.put(connection, "small", rule(bell, "bell"), "anna") == (
        stored.find(connection, "small", "bell"), False)  # fmt: skip
    other = rule({"sound": ["zebra"]}, "bell")
    changed_, _ = stored.put(connection, "small", other, "bob")
    assert (changed_.version, changed_.made_by, changed_.matches) == (2, "bob", 15)
    assert [each.version for each in stored.versions(connection, made.id)] == [2, 1]
    assert run(connection, "small", "bell").matched == 0
    assert stored.find(connection, "small", "bell").matches == 0, "those of version 1 are gone"
    assert events(connection, made.id) == told

    stored.delete(connection, "small", "bell", "bob")
    with pytest.raises(Permanent, match="no rule bell"):
        stored.find(connection, "small", "bell")


def test_a_backfill_ends_with_its_version(connection: Connection) -> None:
    stored.put(connection, "small", rule({"words": ["zebra"]}, "ends"), "anna")
    begun = backfill.begin(connection, "small", "ends", None, "anna")
    stored.put(connection, "small", rule({"words": ["lion"]}, "ends"), "anna")
    assert not backfill.step(connection, begun.id)
    off = rule({"words": ["lion"]}, "ends", enabled=False)
    stored.put(connection, "small", off, "anna")
    with pytest.raises(Permanent, match="disabled"):
        backfill.begin(connection, "small", "ends", None, "anna")
    stored.delete(connection, "small", "ends", "anna")


def closed(connection: Connection, recording_id: UUID, label: str) -> list[str]:
    """Names of the categories after a round in which scene answered with this label."""
    merge(connection, dispatched(connection, recording_id), scene(label))
    assert finalize(connection, recording_id)
    report = corrections.report(connection, recording_id)
    assert report is not None
    return [each["name"] for each in report["categories"]]


def test_new_reports_are_judged_and_a_rerun_tells_nothing_twice(connection: Connection) -> None:
    made, _ = stored.put(connection, "default", rule({"not": {"sound": ["bell"]}}, "quiet"), "a")
    stored.put(connection, "default", rule({"sound": ["bell"]}, "loud"), "a")
    stored.put(connection, "other", rule({"not": {"sound": ["bell"]}}, "foreign"), "a")
    stored.put(connection, "default", rule({"not": {"sound": ["x"]}}, "off", enabled=False), "a")
    recording_id = planned(connection, ["scene"], 1)
    assert closed(connection, recording_id, "speech") == ["quiet"]
    told = events(connection, made.id)
    assert [each["recording_id"] for each in told] == [str(recording_id)]
    assert rounds.reopen(connection, recording_id, {0: ["scene"]}) == 2
    assert closed(connection, recording_id, "music") == ["quiet"]
    assert events(connection, made.id) == told
    assert tombstones.bury(connection, [recording_id], "asked", 0, 0) == [recording_id]
    left = connection.execute("SELECT FROM rule_match WHERE recording_id = %s", (recording_id,))
    assert left.fetchall() == []


def test_a_stored_body_that_is_no_rule_fails_no_recording(connection: Connection) -> None:
    made, _ = stored.put(connection, "default", rule({"not": {"sound": ["bell"]}}, "bent"), "a")
    stored.put(connection, "default", rule({"not": {"sound": ["bell"]}}, "whole"), "a")
    bent = connection.execute(
        "UPDATE rule_version SET body = '{\"when\": {}}' WHERE rule_id = %s", (made.id,)
    )
    assert bent.rowcount == 1
    assert "whole" in closed(connection, planned(connection, ["scene"], 1), "speech")
