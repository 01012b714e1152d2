"""Parts of the running local stack that die are restarted without intervention."""

import os
import signal
from pathlib import Path

import pytest

from cli.localstack import logs, postgres, processes, troubles, waiting
from earshot.settings import PROJECT
from tests.integration.machine import Machine

pytestmark = pytest.mark.integration

DEMO = str(PROJECT / "demo" / "call.ogg")
RECORDED = ("redis", "core", "cpu", "gpu", "beat")
SHORT = {
    "EARSHOT_CHUNK_LEASE_SEC": "8",
    "EARSHOT_RECONCILE_EVERY_SEC": "2",
    "EARSHOT_WORKER_LOST_SEC": "8",
    "EARSHOT_SOFT_SHUTDOWN_SEC": "4",
}
"""Production's clocks, made short: Redis loses the last second with its power, and what was sent in
it waits for a lease."""


def test_everything_that_dies_comes_back_and_the_work_is_done(machine: Machine) -> None:
    machine.env |= SHORT
    assert machine.earshot("up").returncode == 0
    home = machine.home / "home"
    before, server = {part: machine.pid(part) for part in RECORDED}, postgres.pid(home)
    assert server is not None
    assert machine.earshot("ingest", DEMO, "--analyses", "scene", "--no-wait").returncode == 0
    for part in RECORDED:
        os.killpg(before[part], signal.SIGKILL)
    os.kill(server, signal.SIGKILL)

    def back() -> bool:
        again = {part: processes.running(home, part) for part in RECORDED}
        return postgres.pid(home) not in (None, server) and all(
            each is not None and each.pid != before[part] for part, each in again.items()
        )

    assert waiting.became(back, 60), troubles.read(home)
    assert waiting.became(lambda: "complete" in machine.earshot("list").stdout, 90), (
        machine.earshot("doctor").stdout
    )
    doctor = machine.earshot("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "ended and was started again" in doctor.stdout
    assert "all is well" not in doctor.stderr


def test_what_cannot_start_says_why_and_comes_back_once_it_can(machine: Machine) -> None:
    assert machine.earshot("up").returncode == 0
    home = machine.home / "home"
    wrong = home / "postgres" / "postgresql.auto.conf"
    was = wrong.read_text(encoding="utf-8")
    wrong.write_text("no = such_setting", encoding="utf-8")
    server = postgres.pid(home)
    assert server is not None
    os.kill(server, signal.SIGKILL)
    assert waiting.became(
        lambda: "postgres" in troubles.read(home) and troubles.read(home)["postgres"].failures > 2,
        60,
    )
    doctor = machine.earshot("doctor")
    assert doctor.returncode == 3
    assert "unrecognized configuration parameter" in " ".join(doctor.stdout.split())
    wrong.write_text(was, encoding="utf-8")
    assert waiting.became(lambda: machine.earshot("list").returncode == 0, 60), troubles.read(home)


def test_a_long_log_is_turned_while_it_is_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = processes.start(
        home, "writer", ["sh", "-c", "while :; do echo line of a log; done"], {}
    )
    log = processes.log_file(home, "writer")
    try:
        assert waiting.became(lambda: log.exists() and log.stat().st_size > 100_000, 20)
        logs.turn([log], longest=100_000)
        assert waiting.became(lambda: log.stat().st_size > 0, 20)
        with log.open("rb") as file:
            assert file.read(1) not in (b"", b"\0"), "its writer went on where the log used to end"
        assert log.with_name("writer.log.1").stat().st_size > 100_000
    finally:
        assert processes.stop(home, [process.name], 10) == []
