"""Rounds in the tables: events of an answer that changes and changes back, and recordings that
cannot be reopened."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.findings import AsrFindings, SceneFindings
from earshot.analysis.outcome import Failed, Outcome, Skipped, Succeeded
from earshot.analysis.types import ChunkKey
from earshot.analysis.words.whole_recording import refused
from earshot.pipeline.finalize import finalize
from earshot.storage.postgres import db, ledger, recordings, reports, rounds
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

SILENT = Skipped(reason="no_speech")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def says(label: str) -> Outcome:
    found = SceneFindings(
        label=label, confidence=1 / 3, scores={label: 1 / 3, "music": 0.1 + 0.2}, intervals=()
    )
    return Succeeded(findings=found.model_dump(mode="json"), classification=found.classification())


def merged(
    connection: Connection, recording_id: UUID, outcome: Outcome, release: str = "scene-1"
) -> None:
    """Brings the one chunk of a recording through its present round."""
    [row] = ledger.take_pending(connection, recording_id)
    key = ChunkKey(recording_id=recording_id, index=0, round=row["round"])
    assert ledger.merge(connection, {key: {"scene": Staged(release=release, outcome=outcome)}}) == [
        key
    ]


def closed(
    connection: Connection, recording_id: UUID, outcome: Outcome, release: str = "scene-1"
) -> None:
    merged(connection, recording_id, outcome, release)
    assert finalize(connection, recording_id)


def unreportable(connection: Connection, recording_id: UUID) -> None:
    merged(connection, recording_id, SILENT)
    assert recordings.fail(
        connection,
        recording_id,
        Permanent("report_failed", "no report can be made"),
        ("analyzing",),
    )


def told(connection: Connection, recording_id: UUID) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT body FROM outbox WHERE recording_id = %s ORDER BY seq", (recording_id,)
    )
    return [row["body"] for row in rows]


def test_progress_is_of_the_present_round(connection: Connection) -> None:
    recording_id = planned(connection, ["scene"], 2)

    def progress() -> tuple[int, int]:
        now = recordings.progress(connection, [recording_id])[recording_id]
        return now.chunks_merged, now.chunks_total

    assert progress() == (0, 2)
    [first, second] = ledger.take_pending(connection, recording_id)
    staged = {"scene": Staged(release="scene-1", outcome=SILENT)}
    for each in (first, second):
        key = ChunkKey(recording_id=recording_id, index=each["index"], round=each["round"])
        ledger.merge(connection, {key: staged})
    assert progress() == (2, 2)
    assert finalize(connection, recording_id)
    rounds.reopen(connection, recording_id, {1: ["scene"]})
    assert progress() == (0, 1)


def test_an_answer_that_comes_back_is_told_again(connection: Connection) -> None:
    recording_id = planned(connection, ["scene"], 1)
    boom = Failed(code="boom", detail="it broke")
    # round            1              2              3              4              5     6
    # 7       8
    answers = [
        says("speech"),
        says("noise"),
        says("speech"),
        says("speech"),
        boom,
        says("speech"),
        SILENT,
        says("speech"),
    ]
    closed(connection, recording_id, answers[0])
    for outcome in answers[1:]:
        rounds.reopen(connection, recording_id, {0: ["scene"]})
        closed(connection, recording_id, outcome)
    rounds.reopen(connection, recording_id, {0: ["scene"]})
    closed(connection, recording_id, says("speech"), release="scene-2")
    events = told(connection, recording_id)
    said = [
        (each["round"], each["scene"]["label"], each["release"])
        for each in events
        if each["type"] == "classification"
    ]
    assert said == [
        (1, "speech", "scene-1"),
        (2, "noise", "scene-1"),
        (3, "speech", "scene-1"),
        (8, "speech", "scene-1"),
        (9, "speech", "scene-2"),
    ]
    assert [each["round"] for each in events if each["type"] == "recording.completed"] == list(
        range(1, 10)
    )


def test_a_refused_language_takes_the_place_of_words_and_is_chosen_again(
    connection: Connection,
) -> None:
    """A chunk whose job believed it is missing from the report of a recording that is in another
    language; a refusal with findings is an answer about the speech."""

    def spoken(index: int, odds: float) -> AsrFindings:
        times = {"channel": 0, "start_ms": index * 100 + 10, "end_ms": index * 100 + 90}
        word = {"text": f"w{index}", "confidence": 0.9, **times}
        return AsrFindings.model_validate(
            {"language": "en", "words": [word], "spoken": [{**times, "other_language": odds}]}
        )

    def close(*outcomes: Outcome) -> None:
        rows = ledger.take_pending(connection, recording_id)
        staged = {
            ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"]): {
                "asr": Staged(release="asr-1", outcome=outcome)
            }
            for row, outcome in zip(sorted(rows, key=lambda r: r["index"]), outcomes, strict=True)
        }
        assert len(ledger.merge(connection, staged)) == len(outcomes)
        assert finalize(connection, recording_id)

    def answer(index: int) -> tuple[str, list[str]]:
        part = next(each for each in reports.parts(connection, recording_id) if each.chunk == index)
        assert isinstance(part.outcome, Succeeded | Failed)
        found = AsrFindings.model_validate(part.outcome.findings)
        return part.outcome.status, [word.text for word in found.words]

    recording_id = planned(connection, ["asr"], 2)
    believed = Succeeded(findings=spoken(0, 0.5).model_dump(mode="json"))
    close(believed, Succeeded(findings=spoken(1, -5.0).model_dump(mode="json")))
    chosen = {"choice": rounds.Choice(failed=True), "scopes": {"asr": "chunk"}, "active": {}}
    assert rounds.choose(connection, recording_id, **chosen) == {}
    rounds.reopen(connection, recording_id, {1: ["asr"]})
    findings = spoken(1, 5.0).model_copy(update={"words": ()})
    close(refused(findings, "asr-1", 0.99))
    assert answer(1) == ("failed", [])
    assert answer(0) == ("succeeded", ["w0"])
    assert rounds.choose(connection, recording_id, **chosen) == {0: {"asr"}, 1: {"asr"}}


def test_every_time_that_a_recording_fails_is_told(connection: Connection) -> None:
    recording_id = planned(connection, ["scene"], 1)
    unreportable(connection, recording_id)
    rounds.reopen(connection, recording_id, {0: ["scene"]})
    unreportable(connection, recording_id)
    assert [(each["type"], each["round"]) for each in told(connection, recording_id)] == [
        ("recording.failed", 1),
        ("recording.failed", 2),
    ]


def test_what_another_recording_took_the_place_of_stays_closed(connection: Connection) -> None:
    sha256 = uuid4().hex * 2
    failed = planned(connection, ["scene"], 1, sha256)
    unreportable(connection, failed)
    owner = planned(connection, ["scene"], 1, sha256)
    with pytest.raises(Permanent, match=str(owner)) as caught:
        rounds.reopen(connection, failed, {0: ["scene"]})
    assert caught.value.code == "same_content"
    row = recordings.get(connection, failed)
    assert row is not None
    assert (row.state, row.round) == ("failed", 1)
    recordings.fail(connection, owner, Permanent("report_failed", "neither"), ("analyzing",))
    assert rounds.reopen(connection, failed, {0: ["scene"]}) == 2


def test_a_rerun_of_everything_goes_on_after_what_it_cannot_open(stage: Stack) -> None:
    sha256 = uuid4().hex * 2
    with db.connect(stage.database_url) as connection:
        failed = planned(connection, ["scene"], 1, sha256)
        unreportable(connection, failed)
        owner = planned(connection, ["scene"], 1, sha256)
        closed(connection, owner, SILENT)
        done = stage.earshot("rerun", "--all", "--analysis", "scene", "--no-wait")
        assert done.returncode == 1
        assert done.stderr.startswith(f"same_content: recording {failed} failed")
        assert done.stdout == f"{str(owner)[:8]}  scene of 1 chunk\n"
        row = recordings.get(connection, owner)
    assert row is not None
    assert (row.state, row.round) == ("analyzing", 2)
