"""Errors of the command: one line on stderr with a remedy, and an exit code by kind."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from pydantic import BaseModel, ValidationError

from cli.terminal.explain import SOME_FAILED, UNEXPECTED, UNREACHABLE, USAGE, explained
from earshot.analysis.errors import BadAudio, EarshotError, Forbidden, Misconfigured, Unavailable
from earshot.analysis.printable import UNSHOWABLE
from earshot.analysis.report.report import Report
from earshot.models.checkpoints.defaults import default_releases
from earshot.settings import PROJECT, Settings


def earshot(
    home: Path, *words: str, project: Path = PROJECT, limit_sec: float = 60, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Runs the command with no services and no settings but these."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
    named = {f"EARSHOT_{key.upper()}": value for key, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "earshot", *words],
        env={
            **kept,
            "PYTHONPATH": str(project),
            "EARSHOT_HOME": str(home),
            "CUDA_VISIBLE_DEVICES": "",
            **named,
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=limit_sec,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "settings", "code", "says"),
    [
        (["frobnicate"], {}, USAGE, "No such command 'frobnicate'"),
        (["ingest"], {}, USAGE, "Missing argument"),
        (["list", "--limit", "many"], {}, USAGE, "'--limit'"),
        (["list"], {}, USAGE, "earshot up"),
        (["events"], {}, USAGE, "earshot up"),
        (["report", "abc"], {}, USAGE, "earshot up"),
        (["worker", "asr"], {}, USAGE, "EARSHOT_REDIS_URL"),
        (
            ["worker", "scene", "merge"],
            {"redis_url": "redis://127.0.0.1:1"},
            USAGE,
            "merge needs the database",
        ),
        (
            ["worker", "noise"],
            {"redis_url": "redis://127.0.0.1:1"},
            USAGE,
            "noise needs the database",
        ),
        (
            ["worker", "asr"],
            {"redis_url": "redis://127.0.0.1:1", "device": "cuda"},
            USAGE,
            "EARSHOT_DEVICE=cuda but no CUDA",
        ),
        (
            ["worker", "cooking"],
            {"redis_url": "redis://127.0.0.1:1"},
            USAGE,
            "no pool cooking; pools are ingest",
        ),
        (
            ["ingest", "--analyses", "smell", "x.wav"],
            {},
            USAGE,
            "no analysis named smell; there are scene",
        ),
        (["ingest", "--analyses", ",", "x.wav"], {}, USAGE, "no analysis named"),
        (["run", "nowhere.wav"], {}, SOME_FAILED, "nowhere.wav: no such file"),
        (["list"], {"chunk_duration_sec": "long"}, USAGE, "EARSHOT_CHUNK_DURATION_SEC"),
        (
            ["list"],
            {"roots": "calls"},
            USAGE,
            "EARSHOT_ROOTS cannot be parsed: write lists as JSON",
        ),
        (["serve"], {}, USAGE, "no database: run `earshot up`"),
        (["serve", "--port", "99999"], {}, USAGE, "65535"),
        (
            ["token", "create", "x", "--scope", "all"],
            {},
            USAGE,
            "use read, write, admin or operator",
        ),
        (["doctor"], {"chunk_max_sec": "2"}, USAGE, "EARSHOT_"),
        (
            ["list"],
            {"database_url": "postgresql://127.0.0.1:1/x"},
            UNREACHABLE,
            "Postgres does not answer",
        ),
        (
            ["up"],
            {"redis_url": "redis://127.0.0.1:1"},
            USAGE,
            "EARSHOT_REDIS_URL: not the local stack's",
        ),
        (
            ["ingest", "x.wav"],
            {"redis_url": "s3cret"},
            USAGE,
            "no URL of the form redis://... or rediss://... or unix://",
        ),
        (
            ["events"],
            {"redis_url": "redis://:s3cret@127.0.0.1:port/0"},
            USAGE,
            "names a port that is no number",
        ),
        (
            ["events"],
            {"redis_url": "redis://:s3/cret@127.0.0.1/0"},
            USAGE,
            "check EARSHOT_REDIS_URL",
        ),
        (
            ["doctor"],
            {"database_url": "postgresql://u:s3@cret@127.0.0.1/x"},
            USAGE,
            "write them as %40 and %2F",
        ),
        (
            ["list"],
            {"database_url": "mysql://u:s3cret@127.0.0.1/x"},
            USAGE,
            "no URL of the form postgresql://...",
        ),
        (
            ["list"],
            {"retention": '{"recording": 30}'},
            USAGE,
            "check EARSHOT_RETENTION or config.yaml",
        ),
    ],
)
def test_one_line_what_to_do_and_a_code(
    tmp_path: Path, words: list[str], settings: dict[str, str], code: int, says: str
) -> None:
    done = earshot(tmp_path, *words, project=PROJECT, **settings)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("earshot: ")
    assert done.stderr.count("\n") == 1
    assert "cret" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:s3cret@h/x",
        "postgresql://u:s3cret@127.0.0.1:1/x",
        "host=127.0.0.1 port=1 password=s3cret",
    ],
)
def test_no_traceback_shows_a_password(tmp_path: Path, url: str) -> None:
    done = earshot(tmp_path, "-v", "list", database_url=url)
    assert "Traceback" in done.stderr
    assert "s3cret" not in done.stderr


def test_what_a_folder_holds_besides_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "call.mp2").write_text("not sound", encoding="utf-8")
    for name in ("a.pdf", "b.PDF", "README"):
        (folder / name).touch()
    done = earshot(tmp_path, "ingest", "--dry-run", "calls")
    assert "call.mp2: not_audio" in done.stderr
    assert (
        "left out of folders, not being named like recordings: 2 .pdf, 1 without a suffix"
        in done.stderr
    )


@pytest.mark.parametrize("words", [["-v", "list"], ["list", "-v"]])
def test_v_shows_where_it_comes_from(tmp_path: Path, words: list[str]) -> None:
    done = earshot(tmp_path, *words)
    assert done.returncode == USAGE
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("earshot: no database")


def test_alone_it_prints_its_verbs(tmp_path: Path) -> None:
    done = earshot(tmp_path)
    assert done.returncode == 0
    assert all(
        f"\n  {verb} " in done.stdout
        for verb in ("run", "ingest", "report", "list", "events", "up", "down", "doctor")
    )


def test_down_with_nothing_up_is_fine(tmp_path: Path) -> None:
    done = earshot(tmp_path, "down")
    assert (done.returncode, done.stderr) == (0, "nothing was running\n")


def test_a_dry_run_names_every_file_and_stores_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not sound", encoding="utf-8")
    done = earshot(
        tmp_path,
        "ingest",
        "--dry-run",
        str(PROJECT / "demo" / "call.ogg"),
        "notes.wav",
        "nowhere.wav",
    )
    assert done.returncode == SOME_FAILED
    assert "call.ogg: ok, 1:20, 2 channels" in done.stdout
    assert "notes.wav: not_audio" in done.stderr
    assert "nowhere.wav: missing" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.wav"]


def test_what_is_wrong_with_one_file_is_told_of_it_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "circle.wav").symlink_to("circle.wav")
    long = "x" * 300 + ".wav"
    done = earshot(
        tmp_path, "ingest", "--dry-run", long, "circle.wav", str(PROJECT / "demo" / "call.ogg")
    )
    assert done.returncode == SOME_FAILED, done.stderr
    assert f"{long}: missing: {long} cannot be opened: File name too long\n" in done.stderr
    assert "circle.wav: " in done.stderr
    assert done.stderr.count("\n") == 2
    assert "call.ogg: ok" in done.stdout


def test_no_name_moves_the_cursor_or_forges_a_line_and_none_ends_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    names = [
        b"clear\x1b[2J.wav",
        b"two\nlines.wav",
        b"c1\xc2\x9b31m.wav",
        "left\u202egnp.wav".encode(),
        b"latin\xe9.wav",
    ]
    for name in names:
        shutil.copy(PROJECT / "demo" / "call.ogg", folder / os.fsdecode(name))
    (folder / "bell\x07.wav").write_text("no sound")
    os.mkfifo(folder / "pipe.wav")
    done = earshot(tmp_path, "ingest", "--dry-run", "calls", "calls/pipe.wav", "calls/مكالمة.wav")
    assert done.returncode == SOME_FAILED, done.stderr
    assert not UNSHOWABLE.search((done.stdout + done.stderr).replace("\n", ""))
    assert done.stdout.count(": ok, 1:20") == len(done.stdout.splitlines()) == len(names)
    for shown in (
        "clear\\u001b[2J.wav",
        "two\\u000alines.wav",
        "c1\\u009b31m.wav",
        "left\\u202egnp.wav",
        "latin\\udce9.wav",
    ):
        assert f"calls/{shown}: ok" in done.stdout
    refused = sorted(line.partition(": ")[0] for line in done.stderr.splitlines())
    assert refused == ["calls/bell\\u0007.wav", "calls/pipe.wav", "calls/مكالمة.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root enters every folder")
def test_a_folder_that_may_not_be_entered_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "calls" / "closed").mkdir(parents=True)
    (tmp_path / "calls" / "closed").chmod(0)
    try:
        done = earshot(tmp_path, "ingest", "--dry-run", "calls", str(PROJECT / "demo" / "call.ogg"))
    finally:
        (tmp_path / "calls" / "closed").chmod(0o700)
    assert done.returncode == SOME_FAILED
    assert "calls/closed: unreadable" in done.stderr
    assert "call.ogg: ok" in done.stdout


def test_doctor_tells_what_a_check_found_and_makes_the_others(tmp_path: Path) -> None:
    done = earshot(tmp_path, "doctor", roots='["nonsense://calls", "/nowhere"]')
    assert done.returncode == UNREACHABLE, done.stderr
    lines = {
        line[:40].split()[1]: line for line in done.stdout.splitlines() if "nowhere" not in line
    }
    assert lines["roots"].startswith("fail  roots")
    assert "nonsense" in lines["roots"]
    assert "/nowhere: no such folder here" in done.stdout
    assert lines["redis"].startswith("fail")
    assert lines["disk"].startswith(("ok", "warn"))


def test_a_worker_refuses_a_checkpoint_that_is_not_the_catalogs(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    for folder in ("cli", "earshot", "producer", "tasks", "training", "workers"):
        shutil.copytree(
            PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "celeryconfig.py", copy)
    release = default_releases()["scene"]
    with (copy / "earshot" / "models" / release.uri).open("ab") as checkpoint:
        checkpoint.write(b"!")
    done = earshot(tmp_path, "worker", "scene", project=copy, redis_url="redis://127.0.0.1:1")
    assert done.returncode == USAGE
    assert done.stderr.startswith(f"earshot: {release.name}: ")
    assert "has sha256" in done.stderr
    assert done.stderr.count("\n") == 1


def invalid(model: type[BaseModel], **values: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        model(**values)
    return caught.value


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (BadAudio("empty", "x.wav: empty"), SOME_FAILED, "x.wav: empty"),
        (Forbidden("root", "outside the roots"), USAGE, "outside the roots"),
        (Misconfigured("pool", "no such pool"), USAGE, "no such pool"),
        (EarshotError("x", "something"), USAGE, "something"),
        (Unavailable("redis_away", "Redis is away"), UNREACHABLE, "Redis is away"),
        (
            redis.ConnectionError("refused\nsecond line"),
            UNREACHABLE,
            "Redis: refused; run `earshot doctor`",
        ),
        (
            psycopg.OperationalError("gone\nsecond line"),
            UNREACHABLE,
            "Postgres: gone; run `earshot doctor`",
        ),
        (
            OSError(errno.ENOSPC, "No space left", "/data/x"),
            UNREACHABLE,
            "the disk is full (/data/x): free some space",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/x"),
            UNREACHABLE,
            "/data/x: Permission denied",
        ),
        (
            KeyError("surprise"),
            UNEXPECTED,
            "KeyError: 'surprise' (a mistake in earshot; -v shows where)",
        ),
        (
            invalid(Settings, chunk_max_sec=2, chunk_duration_sec=3),
            USAGE,
            "chunk_max_sec must not be below chunk_duration_sec",
        ),
        (invalid(Report, recording={}), UNEXPECTED, "(a mistake in earshot; -v shows where)"),
    ],
)
def test_every_error_has_a_code_and_a_line(error: Exception, code: int, says: str) -> None:
    found, line = explained(error)
    assert found == code
    assert says in line
    assert "\n" not in line
