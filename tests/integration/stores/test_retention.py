"""Old data is removed by class, and so are leftovers of dead processes; data in use stays."""

import json
import time
from pathlib import Path

import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.storage.postgres import db
from tests.integration.flow.test_rerun import ingested
from tests.integration.named import everywhere, files
from tests.integration.poison import SHORT, recording
from tests.servers import Stack

pytestmark = pytest.mark.integration

CORE = ("ingest", "merge", "finalize", "upkeep")
LIMIT_SEC = 30
QUICK = {
    "TASK_TIME_LIMIT_SEC": str(LIMIT_SEC),
    "VISIBILITY_TIMEOUT_SEC": str(LIMIT_SEC + 1),
    "TIDY_EVERY_SEC": "1",
}
"""Late jobs are over after a minute, so that the last search is seen too."""
KEPT = 5
TABLES = (
    "recording",
    "chunk",
    "finding",
    "segment",
    "report",
    "outbox",
    "dead_letter",
    "export",
    "tombstone",
)


def sizes(stage: Stack, *vacuum: str) -> dict[str, int]:
    """Rows, bytes, keys and files in total."""
    redis = Redis.from_url(stage.redis_url)
    with db.connect(stage.database_url) as connection:
        for command in vacuum:
            connection.execute(command.encode())
        rows = {
            f"rows of {name}": _one(connection, f"SELECT count(*) AS one FROM {name}")
            for name in TABLES
        }
        size = _one(connection, "SELECT pg_database_size(current_database()) AS one")
    audio = [
        path
        for path in files(stage.home)
        if path.is_file() and path.is_relative_to(stage.home / "audio")
    ]
    return {
        **rows,
        "bytes of Postgres": size,
        "Redis keys": redis.dbsize(),
        "events in the stream": redis.xlen("events"),
        "bytes of Redis": redis.info("memory")["used_memory"],
        "files in the store": len(audio),
        "bytes of the store": sum(path.stat().st_size for path in audio),
    }


def _one(connection: db.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row["one"])


def _tell(columns: dict[str, dict[str, int]]) -> None:
    names = list(columns)
    print(f"\n| | {' | '.join(names)} |\n|---|{'--:|' * len(names)}")  # noqa: T201
    for what in columns[names[0]]:
        print(f"| {what} | {' | '.join(f'{columns[name][what]:,}' for name in names)} |")  # noqa: T201


def test_upkeep_leaves_nothing_of_what_is_old(
    stage: Stack, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    number = pytestconfig.getoption("--recordings")
    stage.settings |= QUICK
    for seed in range(number + KEPT):
        folder = tmp_path / ("kept" if seed >= number else "old")
        folder.mkdir(exist_ok=True)
        recording(folder / f"{seed}.wav", 1, seed=seed)
    columns = {"empty": sizes(stage)}
    began = time.monotonic()
    with stage.workers("all", *CORE, concurrency=2), stage.workers("scene", "scene"):
        for folder in ("old", "kept"):
            done = stage.earshot(
                "ingest", str(tmp_path / folder), "--analyses", "scene", "--no-wait", timeout=3600
            )
            assert done.returncode == 0, done.stderr
        with db.connect(stage.database_url) as connection:
            open_ = "SELECT count(*) AS one FROM recording WHERE finished_at IS NULL"
            ended = waiting.became(lambda: _one(connection, open_) == 0, 60 + number)
            assert ended, f"{_one(connection, open_)} of {number + KEPT} are not finished"
            names = ", ".join(f"'{seed}.wav'" for seed in range(number, number + KEPT))
            later = (
                "UPDATE recording SET finished_at = now() + interval '1 day' WHERE file_name IN"
                f" ({names}) RETURNING id"
            )
            kept = [str(row["id"]) for row in connection.execute(later.encode())]
            ids = [str(row["id"]) for row in connection.execute("SELECT id FROM recording")]
    old = [each for each in ids if each not in kept]
    assert (len(kept), len(old)) == (KEPT, number)
    analysed_sec = time.monotonic() - began
    columns["analysed"] = sizes(stage)

    stage.settings |= {"RETENTION": json.dumps({"recordings": 1e-6})}
    began = time.monotonic()
    with (
        stage.workers("upkeep", "upkeep"),
        stage.beat(),
        db.connect(stage.database_url) as connection,
    ):
        left = "SELECT count(*) AS one FROM recording"
        unerased = "SELECT count(*) AS one FROM tombstone WHERE erased_at IS NULL"
        log = stage.home / "logs" / "upkeep.log"
        waiting.until(
            lambda: (_one(connection, left), _one(connection, unerased)) == (KEPT, 0),
            60 + number,
            "deleted",
            log,
        )
        deleted_sec = time.monotonic() - began
        assert everywhere(stage, *old) == []
        unsettled = "SELECT count(*) AS one FROM tombstone WHERE settled_at IS NULL"
        waiting.until(lambda: _one(connection, unsettled) == 0, 300 + number, "settled", log)
    assert everywhere(stage, *old) == []
    assert all(everywhere(stage, each) for each in kept)
    assert Redis.from_url(stage.redis_url).zcard("deleted") == 0
    with db.connect(stage.database_url) as connection:
        checked = (
            "SELECT count(*) AS one FROM tombstone WHERE checked -> 'found' = '[]' AND checked ->"
            " 'removed_late' = '0'"
        )
        assert _one(connection, checked) == number
        told = (
            "SELECT count(*) AS one FROM outbox WHERE body ->> 'type' = 'recording.deleted' AND"
            " published_at IS NOT NULL"
        )
        assert _one(connection, told) == number
    columns["deleted"] = sizes(stage)
    columns["VACUUM"] = sizes(stage, "VACUUM")
    columns["VACUUM FULL"] = sizes(stage, "VACUUM FULL")
    _tell(columns)
    print(f"{number} recordings analysed in {analysed_sec:.0f} s, deleted in {deleted_sec:.0f} s")  # noqa: T201
    for what in ("rows of finding", "files in the store"):
        assert columns["deleted"][what] * (number + KEPT) == columns["analysed"][what] * KEPT, what


def test_each_class_goes_at_its_age_and_doctor_tells_it(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= SHORT
    with stage.workers("all", *CORE, "scene"), stage.beat():
        recording_id = ingested(stage, recording(tmp_path / "one.wav", 2), "scene")
    redis = Redis.from_url(stage.redis_url)
    redis.xadd(
        "refused",
        {"queue": "ingest", "reason": "schema", "detail": "-", "message": "-"},
        id="1000-1",
    )
    before = stage.earshot("doctor").stdout
    assert (
        '1 recordings, 125.0 kB, the oldest 0 days old; for ever: EARSHOT_RETENTION=\'{"audio":'
        " DAYS}' sets a limit" in before
    )
    assert "1 messages of at most 1000" in before

    stage.settings["RETENTION"] = json.dumps({"audio": 1e-6, "events": 1e-6, "refused": 1})
    done = stage.earshot("repair").stdout
    assert "1 recordings whose audio was removed for its age" in done
    assert "3 events removed for their age" in done
    assert "1 refused messages removed" in done
    assert not (stage.home / "audio" / "recordings" / recording_id).exists()
    assert (redis.xlen("events"), redis.xlen("refused")) == (0, 0)
    assert "; for 1e-06 days" in stage.earshot("doctor").stdout

    assert stage.earshot("report", recording_id).returncode == 0
    for words in (["--analysis", "scene"], ["--analysis", "scene", "--dry-run"]):
        refused = stage.earshot("rerun", recording_id, *words)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert refused.stderr.startswith(
            f"audio_expired: the audio of recording {recording_id} was removed for its age on "
        )
    assert stage.earshot("rerun", recording_id, "--missing").returncode == 0, (
        "there is nothing to do it on, and nothing to do"
    )

    stage.settings["RETENTION"] = json.dumps({"recordings": 1e-6, "tombstones": 1e-6})
    assert "1 recordings deleted for their age" in stage.earshot("repair").stdout
    assert everywhere(stage, recording_id) == []
    stage.settings["RETENTION"] = json.dumps({"audios": 1})
    wrong = stage.earshot("doctor")
    assert (wrong.returncode, "audios" in wrong.stderr) == (2, True)
