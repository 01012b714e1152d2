"""``up``, ``down`` and ``run`` on this machine: what is started once, found again, survives, and
goes away."""

import json
import signal
import subprocess

import psutil
import pytest

from cli.localstack import identity, processes, waiting
from earshot.settings import PROJECT
from tests.integration.machine import TIMEOUT_SEC, Machine

pytestmark = pytest.mark.integration

PARTS = {"redis", "postgres", "core", "cpu", "gpu", "beat", "supervisor"}
DEMO = str(PROJECT / "demo" / "call.ogg")


def test_up_twice_kill_up_down_up(machine: Machine) -> None:
    machine.env["EARSHOT_LIVE_PROCESSES"] = "1"
    first = machine.earshot("up")
    assert first.returncode == 0, first.stderr
    assert all(part in first.stderr for part in (*PARTS, "live"))
    pids = {part: machine.pid(part) for part in (PARTS | {"live"}) - {"postgres"}}
    lane, *children = (psutil.Process(pids["live"]), *psutil.Process(pids["gpu"]).children())
    assert children
    waiting.until(
        lambda: all(child.nice() > lane.nice() for child in children),
        TIMEOUT_SEC,
        "a lower priority of workers beside the live process",
    )

    assert "everything runs already" in machine.earshot("up").stderr
    assert {part: machine.pid(part) for part in pids} == pids

    machine.kill("supervisor", "cpu")
    doctor = machine.earshot("doctor")
    assert doctor.returncode == 1
    assert "all is well" not in doctor.stderr
    assert "the supervisor stopped" in doctor.stdout
    assert "warn  queue scene" in doctor.stdout
    assert "ok    queue asr" in doctor.stdout
    again = machine.earshot("up")
    assert again.stderr.splitlines()[0] == "started cpu, supervisor"
    assert {part for part in pids if machine.pid(part) != pids[part]} == {"cpu", "supervisor"}

    assert machine.earshot("ingest", DEMO, "--analyses", "scene").returncode == 0
    listed = machine.earshot("list").stdout
    assert "complete" in listed

    down = machine.earshot("down")
    assert down.returncode == 0
    assert machine.living() == []
    assert "earshot up" in machine.earshot("list").stderr
    assert machine.earshot("up").returncode == 0
    assert machine.earshot("list").stdout == listed


def test_a_stack_that_cannot_start_leaves_nothing_running(machine: Machine) -> None:
    assert machine.earshot("up").returncode == 0
    assert machine.earshot("down").returncode == 0
    (machine.home / "home" / "postgres" / "postgresql.auto.conf").write_text(
        "no = such_setting", encoding="utf-8"
    )
    failed = machine.earshot("up")
    assert failed.returncode == 3
    assert "Postgres did not start" in failed.stderr
    assert "unrecognized configuration parameter" in failed.stderr
    assert machine.living() == []


@pytest.mark.parametrize(
    "which",
    [
        {"started": 12.5},
        {"boot": "another", "start": 12.5},
        {"boot": identity.boot(), "start": 12.5},
    ],
)
def test_a_recycled_pid_is_left_alone(machine: Machine, which: dict[str, object]) -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        record = processes.record_file(machine.home / "home", "cpu")
        record.parent.mkdir(parents=True)
        record.write_text(json.dumps({"pid": stranger.pid, **which, "argv": []}), encoding="utf-8")
        assert machine.earshot("down").stderr == "nothing was running\n"
        assert stranger.poll() is None
        assert not record.exists()
        stranger.kill()


def test_two_ups_at_once_start_one_stack(machine: Machine) -> None:
    typed = [
        subprocess.Popen(
            machine.argv("up"), env=machine.env, cwd=machine.home, stderr=subprocess.PIPE, text=True
        )
        for _ in "ab"
    ]
    said = [each.communicate(timeout=TIMEOUT_SEC)[1] for each in typed]
    assert [each.returncode for each in typed] == [0, 0], said
    assert sum("everything runs already" in text for text in said) == 1
    assert len([line for line in machine.living() if "redis-server" in line]) == 1


def test_run_analyses_prints_writes_and_stops(machine: Machine) -> None:
    (machine.home / "notes.wav").write_text("not sound", encoding="utf-8")
    long = "x" * 300 + ".wav"
    done = machine.earshot("run", long, DEMO, "notes.wav", "--out", "out")
    assert done.returncode == 1
    assert f"{long} cannot be opened: File name too long" in done.stderr
    assert "notes.wav: failed: not_audio" in done.stderr
    assert "call.ogg" in done.stdout
    assert "Turns" in done.stdout
    (written,) = (machine.home / "out").iterdir()
    assert json.loads(written.read_text(encoding="utf-8"))["recording"]["file_name"] == "call.ogg"
    assert "stopped everything that was started" in done.stderr
    assert machine.living() == []


def test_run_leaves_a_stack_that_was_up(machine: Machine) -> None:
    machine.earshot("up")
    done = machine.earshot("run", DEMO, "--analyses", "scene")
    assert done.returncode == 0, done.stderr
    assert "stopped" not in done.stderr
    assert machine.earshot("list").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_sigterm_and_a_closed_terminal_stop_what_run_started(
    machine: Machine, number: signal.Signals
) -> None:
    before = signal.signal(
        number, signal.SIG_DFL
    )  # where these tests themselves run under nohup, or behind a shell's `&`
    try:
        typed = subprocess.Popen(
            machine.argv("run", DEMO),
            env=machine.env,
            cwd=machine.home,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(number, before)
    assert typed.stderr is not None
    for line in typed.stderr:
        if line.startswith("ready after"):
            break
    typed.send_signal(number)
    assert waiting.became(lambda: processes.running(machine.home / "home", "beat") is None, 30)
    typed.send_signal(number)  # impatience does not leave anything running
    said = typed.stderr.read()
    assert typed.wait(TIMEOUT_SEC) == 130, said
    assert "stopped everything" in said
    assert "Traceback" not in said
    assert machine.living() == []


def test_two_workers_of_a_pool_on_one_machine_are_two(machine: Machine) -> None:
    assert machine.earshot("up").returncode == 0
    ready = [machine.home / f"{number}.ready" for number in range(2)]
    typed = [
        subprocess.Popen(
            machine.argv("worker", "scene"), env={**machine.env, "EARSHOT_READY_FILE": str(file)}
        )
        for file in ready
    ]
    try:
        assert waiting.became(lambda: all(file.exists() for file in ready), 60)
        told = " ".join(machine.earshot("doctor").stdout.split())
        assert "ok queue scene 0 waiting, 3 workers" in told
    finally:
        for each in typed:
            each.terminate()
        assert [each.wait(30) for each in typed] == [0, 0]


def test_a_service_that_is_away_stops_everything_at_once(machine: Machine) -> None:
    assert machine.earshot("up").returncode == 0
    machine.kill("supervisor", "redis")
    done = machine.earshot("ingest", DEMO, DEMO.replace("call.ogg", "call.toml"))
    assert done.returncode == 3, done.stderr
    assert "`earshot up` starts it again" in done.stderr
    assert done.stderr.count("\n") == 1
