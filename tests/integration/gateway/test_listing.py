"""The list of recordings: what its filters find, and that none of them reads all transcripts."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from earshot.storage.postgres import listing
from earshot.storage.postgres.listing import Listed, Place, Wanted
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration
RECORDINGS, SEGMENTS = 3000, 3
ROWS = """
INSERT INTO recording (id, state, request, file_name, sha256, analyses, roles, language,
    duration_ms, channels, created_at, finished_at, tenant)
SELECT gen_random_uuid(), 'complete', '{}', 'call-' || n || '.wav', md5(n::text) || md5(n::text),
    '{asr}', CASE WHEN n % 100 = 0 THEN '{agent,customer}'::text[] ELSE '{}' END, 'en', 1000, 1,
    timestamptz '2026-05-01' - n * interval '1 minute', now(),
    CASE WHEN n % 10 = 5 THEN 'other' ELSE 'default' END
FROM generate_series(1, 3000) AS n
"""
WORDS = tuple(
    f"{a}{b}{c}" for a in ("ka", "lo", "mi") for b in ("ra", "ne", "po") for c in ("n", "st", "")
)


@pytest.fixture(scope="module")
def archive() -> Iterator["psycopg.Connection[Any]"]:
    """Every 300th recording has a refund, every 200th a dog; each has "thank you"."""
    with servers() as started:
        yield from _filled(started)


def _filled(started: Stack) -> Iterator["psycopg.Connection[Any]"]:
    random.seed(1)
    with psycopg.connect(started.database_url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(ROWS)
        rows = connection.execute("SELECT id, file_name FROM recording").fetchall()
        with connection.cursor() as cursor:
            segment = "COPY segment (recording_id, index, start_ms, end_ms, channel, speaker, text)"
            with cursor.copy(f"{segment} FROM STDIN".encode()) as copy:
                for row in rows:
                    for index in range(SEGMENTS):
                        said = _said(_number(row["file_name"]), index)
                        copy.write_row((row["id"], index, index, index + 1, 0, "s0", said))
            with cursor.copy("COPY report (recording_id, body) FROM STDIN") as copy:
                for row in rows:
                    dog = [{"label": "dog"}] if _number(row["file_name"]) % 200 == 0 else []
                    turns = [{"emotion": {"label": "neutral", "scores": {"angry": 0.1}}}]
                    copy.write_row((row["id"], json.dumps({"turns": turns, "sounds": dog})))
        connection.execute("VACUUM ANALYZE recording, segment, report")
        yield connection


def _number(file_name: str) -> int:
    return int(file_name.removeprefix("call-").removesuffix(".wav"))


def _said(number: int, index: int) -> str:
    if index == 0:
        return "Thank you for calling 株式会社"
    words = random.choices(WORDS, k=6)
    return " ".join([*words, "a Refund, 100% please"] if number % 300 == 0 else words)


def found(archive: "psycopg.Connection[Any]", tenant: str = "default", **wanted: Any) -> list[int]:
    rows = listing.page(archive, tenant, Wanted(**wanted), None, 200)
    assert rows == sorted(rows, key=_age, reverse=True)
    return [_number(each.file_name) for each in rows]


def _age(row: Listed) -> datetime:
    return row.created_at


APRIL = datetime(2026, 4, 30, tzinfo=UTC)
REFUNDS = list(range(300, 3001, 300))


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"text": "refund"}, REFUNDS),
        ({"text": "REFUND, 100% p"}, REFUNDS),
        ({"text": "fun"}, REFUNDS),
        ({"text": "100_"}, []),
        ({"text": "all-123"}, [123, *range(1230, 1235), *range(1236, 1240)]),
        ({"text": "refund", "label": "dog"}, [600, 1200, 1800, 2400, 3000]),
        ({"label": "dog"}, list(range(200, 3001, 200))),
        ({"label": "angry"}, []),
        ({"label": "do"}, []),
        ({"role": "agent"}, list(range(100, 3001, 100))),
        ({"text": "refund", "role": "agent", "until": APRIL}, REFUNDS[4:]),
    ],
)  # fmt: skip
def test_a_filter_finds_what_it_names(
    archive: "psycopg.Connection[Any]", wanted: dict[str, Any], numbers: list[int]
) -> None:
    assert found(archive, **wanted) == numbers


@pytest.mark.parametrize("text", ["thank you", "株式会社", "会社", "k", "an"])
def test_what_all_have_is_found_from_the_newest_on(
    archive: "psycopg.Connection[Any]", text: str
) -> None:
    everything = [number for number in range(1, 223) if number % 10 != 5][:200]
    assert found(archive, text=text) == everything


def test_content_is_known_within_the_tenant_alone(archive: "psycopg.Connection[Any]") -> None:
    row = archive.execute("SELECT sha256 FROM recording WHERE file_name = 'call-7.wav'").fetchone()
    assert row is not None
    assert found(archive, sha256=row["sha256"]) == [7]
    assert found(archive, "other", sha256=row["sha256"]) == []
    assert found(archive, "other", text="refund") == []


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "recording_"),
        (Wanted(text="refund"), "segment_grams"),
        (Wanted(text="never said"), "segment_grams"),
        (Wanted(text="thank you"), "segment_pkey"),
        (Wanted(text="ka"), "segment_pkey"),
        (Wanted(label="dog"), "report_shown_labels"),
        (Wanted(label="neutral"), "report_pkey"),
        (Wanted(role="agent"), "recording_shown_roles"),
        (Wanted(sha256="0" * 64), "recording_sha256"),
    ],
)
def test_no_filter_reads_all_transcripts_or_reports(
    archive: "psycopg.Connection[Any]", wanted: Wanted, index: str
) -> None:
    after = Place(datetime(2027, 1, 1, tzinfo=UTC), UUID(int=0))
    common = wanted.text in ("thank you", "ka")
    query, args = listing.statement("default", wanted, after, 51, common=common)
    with psycopg.ClientCursor(archive) as cursor:
        cursor.execute(f"EXPLAIN {query}".encode(), args)
        plan = "\n".join(row["QUERY PLAN"] for row in cursor)
    assert index in plan
    assert "Seq Scan" not in plan
