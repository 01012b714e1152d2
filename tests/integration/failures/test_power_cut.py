"""What is left when everything ends at once, and what a clock that was set leaves of what is known:
the stack starts anyhow."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from cli.localstack import postgres, processes, redis, stack
from earshot.settings import PROJECT, stack_file
from tests.integration.machine import Machine

pytestmark = pytest.mark.integration

DEMO = str(PROJECT / "demo" / "call.ogg")
CLOCK_WAS_SET = """
import psutil._pslinux as linux
boot_time = linux.boot_time
linux.boot_time = lambda: boot_time() + 7200
"""
"""What a clock that was set two hours ahead changes in all processes that psutil knows by their
time of start."""


def kill_everything(machine: Machine) -> None:
    home = machine.home / "home"
    running = [part for part, runs in stack.status(home).items() if runs]
    groups = [machine.pid(part) for part in running if part != stack.POSTGRES]
    server = postgres.pid(home)
    for group in groups:
        os.killpg(group, signal.SIGKILL)
    if server is not None:
        os.kill(server, signal.SIGKILL)


def test_up_after_a_power_cut_with_rubbish_behind_the_log(machine: Machine) -> None:
    assert machine.earshot("up").returncode == 0
    assert machine.earshot("ingest", DEMO, "--analyses", "scene").returncode == 0
    listed = machine.earshot("list").stdout
    Redis.from_url(machine.urls()["redis_url"]).set("kept", "yes")
    kill_everything(machine)
    home = machine.home / "home"
    with (home / "redis" / "appendonly.aof").open("ab") as file:
        file.write(bytes(600))
    for cut_off in (
        stack_file(home),
        processes.record_file(home, "beat"),
        home / "run" / "leases" / "12345",
    ):
        cut_off.write_bytes(b"")
    (home / "postgres" / "postmaster.pid").write_bytes(b"\0" * 60)
    assert machine.earshot("doctor").returncode == 3
    again = machine.earshot("up")
    assert again.returncode == 0, again.stderr
    assert "the last 600 bytes of its append-only file" in again.stderr
    assert Redis.from_url(machine.urls()["redis_url"]).get("kept") == b"yes"
    assert machine.earshot("list").stdout == listed


@pytest.mark.parametrize(
    "rubbish", [b"REDIS0009 and then nothing of the kind", b"*1\r\n$7\r\nRUBBISH\r\n"]
)
def test_an_append_only_file_that_cannot_be_mended_is_set_aside(
    tmp_path: Path, rubbish: bytes
) -> None:
    """A snapshot that is cut off, and whole commands that are none."""
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonly.aof").write_bytes(rubbish)
    said: list[str] = []
    try:
        url = redis.start(tmp_path)
        redis.wait(tmp_path, said.append)
        assert Redis.from_url(url).dbsize() == 0
        [aside] = (tmp_path / "redis").glob("appendonly.aof.broken.*")
        assert aside.read_bytes() == rubbish
        assert len(said) == 1
        processes.stop(tmp_path, [redis.NAME], 10)
        (tmp_path / "redis" / "appendonly.aof").write_bytes(rubbish)
        redis.start(tmp_path)
        redis.wait(tmp_path)
        assert len(list((tmp_path / "redis").glob("appendonly.aof.broken.*"))) == 2, (
            "the first one stays"
        )
        long_ago = time.time() - 31 * 86_400
        os.utime(aside, (long_ago, long_ago))
        processes.stop(tmp_path, [redis.NAME], 10)
        redis.start(tmp_path)
        redis.wait(tmp_path)
        assert not aside.exists()
        assert len(list((tmp_path / "redis").glob("appendonly.aof.broken.*"))) == 1
    finally:
        processes.stop(tmp_path, [redis.NAME], 10)


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from cli.localstack import redis
resource.setrlimit(resource.RLIMIT_DATA, (300_000_000, 300_000_000))
home = Path(sys.argv[1])
redis.start(home)
redis.wait(home)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory this way")
def test_a_redis_without_memory_for_its_data_loses_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    file = tmp_path / "redis" / "appendonly.aof"
    with file.open("wb") as out:  # one value of 400 MB, which takes no room on the disk
        out.write(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$400000000\r\n")
        out.seek(400_000_000, os.SEEK_CUR)
        out.write(b"\r\n")
    size = file.stat().st_size
    try:
        argv = [sys.executable, "-c", LITTLE_MEMORY, str(tmp_path)]
        failed = subprocess.run(
            argv, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
        )
        assert "redis stopped while it was starting" in failed.stderr
        assert "Out Of Memory" in processes.log_file(tmp_path, redis.NAME).read_text(
            encoding="utf-8"
        )
        assert file.stat().st_size == size
        url = redis.start(tmp_path)
        redis.wait(tmp_path)
        assert Redis.from_url(url).strlen("a") == 400_000_000
        assert not list(file.parent.glob("appendonly.aof.*"))
    finally:
        processes.stop(tmp_path, [redis.NAME], 10)


def test_one_folder_has_one_redis_also_where_its_record_is_lost(tmp_path: Path) -> None:
    try:
        redis.start(tmp_path)
        redis.wait(tmp_path)
        first = processes.running(tmp_path, redis.NAME)
        processes.record_file(tmp_path, redis.NAME).unlink()
        redis.start(tmp_path)
        redis.wait(tmp_path)
        assert processes.running(tmp_path, redis.NAME) == first
    finally:
        processes.stop(tmp_path, [redis.NAME], 10)


def test_a_clock_that_was_set_changes_nothing_about_who_is_who(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CLOCK_WAS_SET, encoding="utf-8")
    later = {**machine.env, "PYTHONPATH": f"{tmp_path}:{machine.env['PYTHONPATH']}"}

    def typed(word: str) -> str:
        argv = machine.argv(word)
        return subprocess.run(
            argv,
            env=later,
            cwd=machine.home,
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        ).stderr

    assert machine.earshot("up").returncode == 0
    assert "everything runs already" in typed("up")
    assert "stopped redis, postgres, core, cpu, gpu, beat, gateway, supervisor" in typed("down")
    assert machine.living() == []
