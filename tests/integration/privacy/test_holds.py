"""What is on hold is deleted neither for its age nor when asked, until it is released; other
recordings lose sound, words and scores each at the age that their source sets."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from earshot.analysis.errors import SURROUNDINGS, EarshotError, Misconfigured, Permanent
from earshot.analysis.report.categories import Category, Hit
from earshot.analysis.rules.rule import Rule
from earshot.analysis.urls import spelled
from earshot.pipeline import deletion
from earshot.pipeline.cleanup import ages
from earshot.pipeline.keeping import holding
from earshot.pipeline.keeping.exported import remove_exports
from earshot.settings import Settings
from earshot.settings.retention import OfRecordings, Retention
from earshot.storage import holds, retention
from earshot.storage.postgres import db, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.rules import matches, stored
from earshot.storage.rules.matches import Judged
from tests.integration.rows import planned

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]
MINUTE = retention.Ages([""], [60.0])
BELOW = "file:///calls/"


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened
        opened.execute("DELETE FROM hold")
        opened.execute("DELETE FROM recording")


@pytest.fixture
def old(connection: Connection) -> UUID:
    """A recording that was completed an hour ago, with audio."""
    recording_id = planned(connection, ["scene"], 1)
    connection.execute(
        "UPDATE recording SET state = 'complete', finished_at = now() - interval '1 hour'"
        " WHERE id = %s",
        (recording_id,),
    )
    return recording_id


def expiring(connection: Connection) -> list[list[UUID]]:
    """What retention of a minute finds, by class."""
    with connection.transaction():
        return [find(connection, MINUTE, 10) for find in (retention.finished, retention.take_audio)]


@pytest.mark.parametrize("what", ["recording", BELOW, "default", "*"])
def test_a_hold_keeps_a_recording(connection: Connection, old: UUID, what: str) -> None:
    named = old if what == "recording" else what
    assert expiring(connection) == [[old], [old]]
    assert holding.place(connection, named, "case 12", "legal")
    assert not holding.place(connection, named, "again", "other")
    assert expiring(connection) == [[], []]
    with pytest.raises(Permanent) as refused:
        deletion.delete(connection, [old], "asked")
    assert refused.value.code == "on_hold"
    assert deletion.delete(connection, [old], "retention") == {}
    assert recordings.get(connection, old) is not None
    (placed,) = holds.holds(connection)
    assert (placed.reason, placed.placed_by, placed.released_at) == ("case 12", "legal", None)
    assert holding.release(connection, named, "judge")
    assert not holding.release(connection, named, "judge")
    assert holds.holds(connection) == []
    assert holds.holds(connection, released=True)[0].released_by == "judge"
    assert deletion.delete(connection, [old], "asked") == {}
    assert recordings.get(connection, old) is None
    assert holds.holds(connection, old, released=True) == []


def test_a_hold_on_another_source_keeps_nothing(connection: Connection, old: UUID) -> None:
    for source in ("file:///calls/7/", "acme", "file:///other"):
        holding.place(connection, source, "case 12", "legal")
    assert expiring(connection) == [[old], [old]]


def test_one_recording_on_hold_refuses_the_whole_request(connection: Connection, old: UUID) -> None:
    other = planned(connection, ["scene"], 1)
    holding.place(connection, old, "case 12", "legal")
    with pytest.raises(Permanent):
        deletion.delete(connection, [other, old], "asked")
    assert recordings.get(connection, other) is not None


@pytest.mark.parametrize(
    ("what", "reason", "code"),
    [(UUID(int=5), "x", "unknown_recording"), ("No Tenant", "x", "hold"), ("acme", " ", "hold")],
)
def test_what_cannot_be_held(
    connection: Connection, what: UUID | str, reason: str, code: str
) -> None:
    with pytest.raises((Misconfigured, Permanent)) as refused:
        holding.place(connection, what, reason, "legal")
    assert isinstance(refused.value, EarshotError)
    assert refused.value.code == code


HOUR = 3600.0


@pytest.mark.parametrize(
    ("sources", "expired"),
    [
        ({"": HOUR / 2}, True),
        ({"": 2 * HOUR}, False),
        ({"": None, "default": HOUR / 2}, True),
        ({"": HOUR / 2, "default": None}, False),
        ({"": None, "*": HOUR / 2}, True),
        ({"default": None, "*": HOUR / 2}, False),
        ({"default": None, BELOW: HOUR / 2}, True),
        ({BELOW: HOUR / 2, f"{BELOW}7": None, "other": 1.0}, False),
        ({"other": HOUR / 2, "s3://calls/": 1.0, "": None}, False),
    ],
)
def test_the_nearest_source_sets_the_age(
    connection: Connection, old: UUID, sources: dict[str, float | None], expired: bool
) -> None:
    ages = retention.Ages(list(sources), list(sources.values()))
    finds = (retention.finished, retention.take_audio, retention.take_words, retention.take_scores)
    with connection.transaction():
        found = [find(connection, ages, 10) for find in finds]
    assert found == [[old] if expired else []] * len(finds)


SAID = "four one one"
REPORT = {
    "turns": [
        {
            "id": "t0",
            "text": SAID,
            "words": [{"text": SAID, "start_ms": 3}],
            "start_ms": 3,
            "transcribed": True,
        },
    ],
    "topics": {"topics": [{"mentions": [{"term": SAID}]}], "by_model": {"summary": SAID}},
    "transcript_confidence": {"words": 3, "doubtful": 1},
    "sections": {"loudness": {"text": SAID}, "redaction": {"silent_ms": 4}},
    "classifications": {},
}


@pytest.fixture
def spoken(connection: Connection, old: UUID) -> UUID:
    """A recording of which words and scores are stored."""
    place = {"id": old, "body": Jsonb(REPORT), "said": Jsonb({"text": SAID}), "text": SAID}
    connection.execute("INSERT INTO report (recording_id, body) VALUES (%(id)s, %(body)s)", place)
    connection.execute(
        "INSERT INTO segment (recording_id, index, start_ms, end_ms, channel, speaker, text)"
        " VALUES (%(id)s, 0, 0, 9, 0, 's0', %(text)s)",
        place,
    )
    for analysis in ("asr", "topics", "emotion"):
        connection.execute(
            "INSERT INTO finding (recording_id, chunk_index, analysis, release, status, outcome)"
            " VALUES (%(id)s, 0, %(analysis)s, 'x', 'succeeded', %(said)s)",
            {
                **place,
                "analysis": analysis,
                **({"said": Jsonb({})} if analysis == "emotion" else {}),
            },
        )
    rule = Rule.model_validate({"name": "number", "when": {"words": [SAID]}})
    made, _ = stored.put(connection, "default", rule, "anna")
    hit = Hit(
        condition="words", kind="words", start_ms=3, end_ms=9, value={"phrase": SAID, "n": 1.0}
    )
    found = Category(
        name="number", rule=made.id, version=1, start_ms=3, end_ms=9, hits=(hit,), hits_total=1
    )
    matches.put(connection, [Judged(old, made.versioned, found)])
    return old


def rows(connection: Connection, recording_id: UUID) -> dict[str, list[str]]:
    return {
        table: [
            row["text"]
            for row in connection.execute(
                f"SELECT to_jsonb(t)::text AS text FROM {table} t WHERE recording_id = %s".encode(),
                (recording_id,),
            )
        ]
        for table in ("report", "segment", "finding", "rule_match")
    }


def test_words_go_and_scores_stay(connection: Connection, spoken: UUID) -> None:
    with connection.transaction():
        assert retention.take_words(connection, MINUTE, 10) == [spoken]
        retention.drop_words(connection, [spoken], "asr", ["topics"])
    left = rows(connection, spoken)
    assert SAID not in str(left)
    assert left["segment"] == []
    (finding,), (report,) = left["finding"], left["report"]
    assert '"emotion"' in finding
    body = json.loads(report)["body"]
    assert body["turns"] == [
        {"id": "t0", "text": "", "words": [], "start_ms": 3, "transcribed": False}
    ]
    assert body["transcript_confidence"] == {"words": 3, "doubtful": 1}
    assert body["sections"] == {"loudness": {"text": ""}, "redaction": {"silent_ms": 4}}
    assert body["topics"] is None
    (match,) = left["rule_match"]
    (hit,) = json.loads(match)["category"]["hits"]
    assert (hit["start_ms"], hit["value"]) == (3, {"n": 1.0})
    with connection.transaction():
        assert retention.take_words(connection, MINUTE, 10) == []
        assert retention.take_scores(connection, MINUTE, 10) == [spoken]
        retention.drop_scores(connection, [spoken])
    assert rows(connection, spoken) == {
        "report": [],
        "segment": [],
        "finding": [],
        "rule_match": [],
    }
    with connection.transaction():
        assert retention.take_scores(connection, MINUTE, 10) == []
    assert recordings.get(connection, spoken) is not None


def test_the_settings_of_a_source_go_before_those_of_all() -> None:
    keep = Retention(audio=30, words=10)
    own = {"acme": OfRecordings(audio=1), "s3://calls/": OfRecordings(audio=None, words=2)}
    day = retention.DAY_SEC
    found = ages("audio", keep, own)
    assert dict(zip(*found, strict=True)) == {"acme": day, "s3://calls/": None, "": 30 * day}
    assert dict(zip(*ages("words", keep, own), strict=True)) == {
        "s3://calls/": 2 * day,
        "": 10 * day,
    }
    assert not ages("scores", keep, own).any


def test_settings_name_sources_as_they_are_compared() -> None:
    found = Settings(
        redact={"s3://calls": True}, retention_of={"s3://calls": OfRecordings(audio=1)}
    )
    assert list(found.redact) == list(found.retention_of) == ["s3://calls/"]
    assert found.redaction_of("s3://calls/7.wav", "acme") is True
    assert found.redaction_of("s3://others/7.wav", "acme") is False


def test_a_file_that_cannot_be_removed_keeps_only_its_recording(
    connection: Connection, old: UUID, tmp_path: Path
) -> None:
    other = planned(connection, ["scene"], 1)
    here = socket.gethostname()
    ring = tmp_path / "ring"
    ring.symlink_to(ring)  # nothing below it can be reached
    stuck = ring / f"call-{str(old)[:8]}.csv"
    file = tmp_path / f"call-{str(other)[:8]}.csv"
    file.touch()
    away = tmp_path / "away" / file.name
    exported = {(old, here, stuck), (other, here, file), (other, "elsewhere", away)}
    for row in exported:
        connection.execute(
            "INSERT INTO export (recording_id, host, path) VALUES (%s, %s, %s)",
            (*row[:2], str(row[2])),
        )
    assert remove_exports(connection, [old, other]) == [other]
    assert not file.exists()
    left = connection.execute("SELECT recording_id, host, path FROM export").fetchall()
    assert {(row["recording_id"], row["host"], Path(row["path"])) for row in left} == (
        exported - {(other, here, file)}
    )


def test_a_hold_keeps_the_upload_of_a_recording_that_failed(
    connection: Connection, old: UUID
) -> None:
    connection.execute(
        "UPDATE recording SET state = 'failed', error_code = %s, error_detail = 'x' WHERE id = %s",
        (min(SURROUNDINGS), old),
    )
    uri = recordings.get(connection, old).request["uri"]  # type: ignore[union-attr]
    assert uri in retention.open_uploads(connection, None)
    assert uri not in retention.open_uploads(connection, 60.0)
    holding.place(connection, old, "case 12", "legal")
    assert uri in retention.open_uploads(connection, 60.0)


@pytest.mark.parametrize(
    "uri",
    ["file:///calls/7.wav", "/calls/7.wav", "file:///calls//a/7.wav", "file:///./calls/./7.wav"],
)
def test_the_spelling_of_a_uri_changes_no_source(
    connection: Connection, old: UUID, uri: str
) -> None:
    connection.execute(
        "UPDATE recording SET request = jsonb_set(request, '{uri}', to_jsonb(%s::text))", (uri,)
    )
    row = connection.execute("SELECT spelled(%s) AS spelled", (uri,)).fetchone()
    assert row == {"spelled": spelled(uri)}
    assert Settings(redact={BELOW: True}).redaction_of(uri, "default") is True  # type: ignore[call-arg]
    ages = retention.Ages(["", BELOW], [None, 60.0])
    with connection.transaction():
        assert retention.take_words(connection, ages, 10) == [old]
    holding.place(connection, "file:///calls//", "case 12", "legal")
    assert expiring(connection) == [[], []]
