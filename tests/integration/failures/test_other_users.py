"""Another user of the machine can read and write nothing of a running stack."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cli.localstack import private
from earshot.settings import PROJECT
from tests.integration.machine import Machine

pytestmark = pytest.mark.integration

NOBODY = 65_534
DEMO = str(PROJECT / "demo" / "call.ogg")
STRANGER = '''
"""Becomes another user, and prints what it can reach of what is named, one a line."""
import os, socket, sys
nobody, *names = sys.argv[1:]
os.setgroups([])
os.setgid(int(nobody))
os.setuid(int(nobody))
for name in names:
    for what, act in (
        ("listed", lambda: os.listdir(name)),
        ("read", lambda: open(name, "rb").read(1)),
        ("written", lambda: open(name, "ab").close()),
        ("made", lambda: open(os.path.join(name, "stranger"), "xb").close()),
        ("connected", lambda: socket.socket(socket.AF_UNIX).connect(name)),
    ):
        try:
            act()
        except OSError:
            continue
        print(what, name)
'''


@pytest.fixture
def running(machine: Machine) -> Machine:
    assert machine.earshot("up").returncode == 0
    assert machine.earshot("ingest", DEMO, "--analyses", "scene").returncode == 0
    return machine


def everything(home: Path) -> list[Path]:
    return [home, *home.rglob("*")]


def processes_of(machine: Machine) -> list[psutil.Process]:
    found = []
    for each in psutil.process_iter():
        try:
            argv, ours = (
                " ".join(each.cmdline()),
                each.environ().get("EARSHOT_HOME") == machine.env["EARSHOT_HOME"],
            )
        except psutil.Error:
            continue
        if each.pid != os.getpid() and (ours or str(machine.home / "home") in argv):
            found.append(each)
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_stranger_reaches_nothing(running: Machine) -> None:
    home = running.home / "home"
    running.home.chmod(0o755)
    names = [str(path) for path in everything(home)]
    assert any(name.endswith("redis.sock") for name in names)
    assert any(name.endswith(".pcm") for name in names)
    stranger = subprocess.run(
        [sys.executable, "-c", STRANGER, str(NOBODY), *names],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert stranger.stdout == ""


def test_nothing_is_open_to_others(running: Machine) -> None:
    home = running.home / "home"
    assert not home.stat().st_mode & 0o067
    owners = {path.lstat().st_uid for path in everything(home)}
    assert owners <= {os.geteuid(), (home / "postgres").stat().st_uid}
    for folder in ("run", "logs", "redis", "postgres", "audio"):
        assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700, folder
    for path in (home / "audio" / "recordings").rglob("*"):
        assert not path.stat().st_mode & 0o077, path


def test_only_the_gateway_listens_and_to_this_machine_alone(running: Machine) -> None:
    assert len(processes_of(running)) > 6
    listening = [
        tuple(line.laddr)
        for each in processes_of(running)
        for line in each.net_connections(kind="inet")
        if line.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", int(running.env["EARSHOT_GATEWAY_PORT"]))]


def test_a_long_path_gets_a_socket_folder_of_a_random_name(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 90) / "redis"
    private.folder(data)
    folder = private.socket_folder(data, "redis.sock", os.geteuid())
    try:
        assert folder != data
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert private.socket_folder(data, "redis.sock", os.geteuid()) == folder
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / "redis.sock"))
    finally:
        (folder / "redis.sock").unlink(missing_ok=True)
        folder.rmdir()


@pytest.mark.parametrize("trap", ["a link", "open to others"])
def test_a_socket_folder_that_somebody_else_could_have_made_is_not_taken(
    tmp_path: Path, trap: str
) -> None:
    data, theirs = tmp_path / ("d" * 90) / "redis", tmp_path / "theirs"
    private.folder(data)
    theirs.mkdir(mode=0o777)
    theirs.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(private.folder(tmp_path / "mine"))
    kept = private.folder(data.parent / "run") / "redis-sockets"
    kept.write_text(str(link if trap == "a link" else theirs), encoding="utf-8")
    folder = private.socket_folder(data, "redis.sock", os.geteuid())
    assert folder not in (link, theirs)
    folder.rmdir()
