"""The ledger of releases: who changed what, whoever writes; and what is merged after a
promotion."""

import hashlib
import json
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from cli.models.use import use_model
from cli.releases.changing import roll_back
from cli.releases.reading import list_all, show_log
from earshot.analysis.errors import EarshotError, Misconfigured, Permanent
from earshot.analysis.outcome import Skipped
from earshot.analysis.types import ChunkKey, Release
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import MODELS
from earshot.pipeline.releases import active
from earshot.pipeline.releasing import promotion
from earshot.settings import settings
from earshot.storage.postgres import db, ledger, releases
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.releases import Change
from earshot.storage.releases import registered, runs
from earshot.storage.releases.registered import Made, Registered
from tests.integration.rows import planned

pytestmark = pytest.mark.integration

ME = Change(by="me", why="it is better", metrics={"macro_f1": 0.5})
NOISE = default_release("noise")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM release")


def candidate(connection: Connection, folder: Path, name: str) -> Registered:
    path = folder / f"{name}.onnx"
    path.write_bytes((MODELS / NOISE.uri).read_bytes() + name.encode())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    release = NOISE.model_copy(update={"name": name, "uri": str(path), "sha256": digest})
    assert registered.register(connection, release, Made(licence="CC0-1.0"), ME)
    return registered.find(connection, name)


def steps(connection: Connection, after: int) -> list[tuple[str, str | None, str]]:
    return [
        (each.release, each.from_stage, each.to_stage)
        for each in registered.events(connection, "noise")
        if each.id > after
    ]


def last_id(connection: Connection) -> int:
    return max((each.id for each in registered.events(connection)), default=0)


def test_every_change_is_an_event_and_rollback_goes_back_to_what_is_intact(
    connection: Connection, tmp_path: Path
) -> None:
    began, config = last_id(connection), settings()
    first, second, third = (candidate(connection, tmp_path, f"noise-{n}") for n in "abc")
    for each in (first, second, third):
        promotion.promote(connection, each, ME, config)
    assert steps(connection, began) == [
        ("noise-a", None, "candidate"),
        ("noise-b", None, "candidate"),
        ("noise-c", None, "candidate"),
        (NOISE.name, "active", "retired"),
        ("noise-a", "candidate", "active"),
        ("noise-a", "active", "retired"),
        ("noise-b", "candidate", "active"),
        ("noise-b", "active", "retired"),
        ("noise-c", "candidate", "active"),
    ]
    event = registered.live(connection, datetime.now(UTC))["noise"]
    assert (event.release, event.by, event.why) == ("noise-c", "me", "it is better")
    assert event.metrics == {"macro_f1": 0.5}
    assert "noise" not in registered.live(connection, LONG_AGO)
    Path(second.release.uri).write_bytes(b"altered")
    seconds = [-time.perf_counter()]
    done = promotion.rollback(connection, None, "worse on calls", "me", config)
    seconds[-1] += time.perf_counter()
    assert (done.before, done.now.name) == ("noise-c", "noise-a")
    assert "sha256" in done.skipped[0]
    seconds.append(-time.perf_counter())
    back = promotion.rollback(connection, None, "worse still", "me", config)
    seconds[-1] += time.perf_counter()
    assert (back.before, back.now) == ("noise-a", NOISE)
    assert active(connection)["noise"] == NOISE
    assert steps(connection, began)[-2:] == [
        ("noise-a", "active", "retired"),
        (NOISE.name, "retired", "active"),
    ]
    with pytest.raises(Permanent, match="nothing to go back to"):
        promotion.rollback(connection, "noise", "once more", "me", config)
    promotion.promote(connection, third, ME, config)
    seconds.append(-time.perf_counter())
    assert promotion.rollback(connection, "noise", "", "me", config).now == NOISE
    seconds[-1] += time.perf_counter()
    assert statistics.median(seconds) < 1  # other programs may delay one of them


def test_a_candidate_whose_file_changed_is_refused(connection: Connection, tmp_path: Path) -> None:
    changed = candidate(connection, tmp_path, "noise-changed")
    Path(changed.release.uri).write_bytes(b"something else")
    before = last_id(connection)
    with pytest.raises(Misconfigured, match="sha256"):
        promotion.promote(connection, changed, ME, settings())
    assert last_id(connection) == before
    config = settings().model_copy(update={"commercial_use": True})
    unknown = changed.model_copy(update={"licence": "CC-BY-NC-4.0"})
    with pytest.raises(EarshotError, match="does not allow commercial use"):
        promotion.promote(connection, unknown, ME, config)


def test_writers_of_the_version_before_leave_events_too(connection: Connection) -> None:
    """They know neither stages nor events."""
    began = last_id(connection)
    connection.execute(
        "INSERT INTO release (analysis, name, runtime, uri, sha256, labels, active)"
        " VALUES ('noise', 'noise-old', 'onnx', 'x', '', '{}', true)"
        " ON CONFLICT (analysis, name) DO UPDATE SET active = true"
    )
    found = registered.find(connection, "noise-old")
    assert found.stage == "active"
    connection.execute("UPDATE release SET active = false WHERE analysis = 'noise' AND active")
    assert registered.find(connection, "noise-old").stage == "retired"
    assert steps(connection, began) == [
        ("noise-old", None, "active"),
        ("noise-old", "active", "retired"),
    ]
    for statement in ("UPDATE release_event SET why = 'x'", "DELETE FROM release_event"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement.encode())


def test_models_use_says_who_and_why(
    connection: Connection, own_settings: None, capsys: pytest.CaptureFixture[str]
) -> None:
    use_model("emotion-embedded-2", "trial")
    capsys.readouterr()
    roll_back(None, None, as_json=True)
    back = json.loads(capsys.readouterr().out)
    default = default_release("emotion").name
    assert (back["from"], back["to"]) == ("emotion-embedded-2", default)
    show_log("emotion", None, as_json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["release"], each["to"], each["why"]) for each in told[-4:]] == [
        (default, "retired", "trial"),
        ("emotion-embedded-2", "active", "trial"),
        ("emotion-embedded-2", "retired", "rollback"),
        (default, "active", "rollback"),
    ]
    show_log("emotion", datetime.fromisoformat(told[-3]["at"]), as_json=True)
    then = json.loads(capsys.readouterr().out)
    assert (then["release"], then["why"]) == ("emotion-embedded-2", "trial")
    show_log(None, LONG_AGO, as_json=True)
    before = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["by"] for each in before} == {"catalog"}
    list_all("emotion", as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["name"], row["stage"]) for row in rows] == [
        (default, "catalog"),
        ("emotion-embedded-2", "retired"),
    ]


def test_an_answer_of_another_release_than_the_dispatchs_is_not_merged(
    connection: Connection,
) -> None:
    """A job from before the promotion ends after it, late: immich#17885."""
    recording_id = planned(connection, ["noise"], 1)
    key = ChunkKey(recording_id=recording_id, index=0)

    def staged(name: str) -> dict[ChunkKey, dict[str, Staged]]:
        return {key: {"noise": Staged(release=name, outcome=Skipped(reason="no_speech"))}}

    [row] = ledger.take_pending(connection, recording_id, {"noise": "noise-1"})
    again = "UPDATE chunk SET state = 'pending', dispatched_at = NULL WHERE recording_id = %s"
    connection.execute(again, (recording_id,))
    [row] = ledger.take_pending(connection, recording_id, {"noise": "noise-2"})
    assert ledger.merge(connection, staged("noise-1")) == []
    assert ledger.still_open(connection, [key]) == {key}
    way = next(each for each in ledger.on_their_way(connection, 0) if each.key == key)
    assert ledger.count_again(connection, way)
    assert ledger.merge(connection, staged("noise-1")) == []
    assert ledger.merge(connection, staged("noise-2")) == [key]
    other = planned(connection, ["noise"], 1)
    ledger.take_pending(connection, other)  # by a process that notes no release
    alone = ChunkKey(recording_id=other, index=0)
    outcome = Staged(release="noise-1", outcome=Skipped(reason="no_speech"))
    assert ledger.merge(connection, {alone: {"noise": outcome}}) == [alone]
    assert row["attempts"] == 2


def test_releases_of_one_name_differ_in_nothing(connection: Connection, tmp_path: Path) -> None:
    found = candidate(connection, tmp_path, "noise-same")
    assert not registered.register(connection, found.release, Made(), ME)
    other = Release.model_validate({**found.release.model_dump(), "sha256": "0" * 64})
    with pytest.raises(Permanent, match="of other content"):
        registered.register(connection, other, Made(), ME)
    assert releases.named(connection, "noise", "noise-same") == found.release


def test_a_promotion_is_of_what_it_was_compared_with(
    connection: Connection, tmp_path: Path
) -> None:
    first, other = (candidate(connection, tmp_path, f"noise-{name}") for name in ("p", "q"))
    promotion.promote(connection, first, ME, settings(), NOISE.name)
    with pytest.raises(Permanent, match="noise-p answers by now"):
        promotion.promote(connection, other, ME, settings(), NOISE.name)
    assert active(connection)["noise"].name == "noise-p"
    releases.deactivate(connection, NOISE, ME)


def test_an_end_without_a_successor_is_the_default_again(
    connection: Connection, tmp_path: Path
) -> None:
    first = candidate(connection, tmp_path, "noise-r")
    promotion.promote(connection, first, ME, settings())
    # as processes of the version before do
    connection.execute("UPDATE release SET active = false WHERE analysis = 'noise' AND active")
    stack = promotion.before_it(registered.events(connection), "noise")
    assert stack[-1].release == NOISE.name
    with pytest.raises(Permanent, match="nothing to go back to"):
        promotion.rollback(connection, "noise", "", "me", settings())


def test_a_run_whose_worker_is_lost_is_canceled_at_once(connection: Connection) -> None:
    asked = runs.Asked(id=uuid4(), model="voices", data="/d", folder="/f", options={})
    assert runs.begin(connection, asked, "worker", -1)
    assert runs.cancel(connection, asked.id, "me")
    [row] = runs.listed(connection, run_id=asked.id)
    assert (row.state, row.finished_at is None) == ("canceled", False)
    next_one = asked.model_copy(update={"id": uuid4()})
    assert runs.begin(connection, next_one, "worker", 60)
    assert runs.cancel(connection, next_one.id, "me")
    [row] = runs.listed(connection, run_id=next_one.id)
    assert (row.cancel_by, row.finished_at) == ("me", None)
