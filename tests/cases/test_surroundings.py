"""Transient failures of dependencies: all work is complete afterwards, without any intervention."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cli.localstack.waiting import became
from tests.cases.inputs import CASES, made
from tests.cases.local import Local, up

pytestmark = [pytest.mark.integration, pytest.mark.cases]


def processes(home: Path) -> list[psutil.Process]:
    """Those that run for this folder, by what their environment or command line names."""
    found = []
    for each in psutil.process_iter():
        try:
            named = f"EARSHOT_HOME={home}" in " ".join(
                f"{k}={v}" for k, v in each.environ().items()
            ) or str(home) in " ".join(each.cmdline())
        except psutil.Error:
            continue
        if named and each.pid != os.getpid():
            found.append(each)
    return found


def running(home: Path) -> set[tuple[int, float]]:
    """The programs of the stack, children that work left aside: who is started again is another
    one."""
    found = set(processes(home))
    return {(each.pid, each.create_time()) for each in found if each.parent() not in found}


def test_a_redis_that_refuses_ends_no_worker(local: Local, home: Path) -> None:
    before = running(home)
    assert before
    script = [sys.executable, str(CASES / "redis_refuses.py"), "3"]
    subprocess.run(script, env=local.env(), check=True, timeout=60)
    assert became(lambda: local.earshot("doctor").returncode == 0, 120)
    assert running(home) == before
    folder = made("tracks", home)
    assert local.ingest(folder / "far.wav")["far.wav"].words()


def test_no_password_is_printed(local: Local) -> None:
    named = Local(local.home, {"EARSHOT_REDIS_URL": "redis://:topsecret@127.0.0.1:1/0"})
    said = named.earshot("doctor")
    assert "topsecret" not in said.stdout + said.stderr
    assert "127.0.0.1:1" in said.stdout + said.stderr


def test_everything_killed_at_once_and_rubbish_behind_the_append_only_file(home: Path) -> None:
    own = home / "killed"
    own.mkdir()
    with up(own) as local:
        for each in processes(own):
            each.send_signal(signal.SIGKILL)
        assert became(lambda: not processes(own), 30)
        files = [path for path in (own / "redis").rglob("*aof*") if path.is_file()]
        assert files
        for path in files:
            with path.open("ab") as file:
                file.write(bytes(600))
        again = local.earshot("up")
        assert again.returncode == 0, again.stdout + again.stderr
        assert local.ingest(made("tracks", home) / "far.wav")["far.wav"].words()


@pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux",
    reason="a small disk is a tmpfs, which root alone may mount",
)
def test_a_full_audio_store_is_waited_for(home: Path) -> None:
    own, small = home / "full", home / "small-disk"
    own.mkdir()
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], check=True)
    try:
        files = sorted((made("rate_change", home)).glob("[ab]*.wav"))
        with up(
            own,
            EARSHOT_AUDIO_STORE=f"file://{small}/audio",
            EARSHOT_ROOTS=f'["file://{home}/rate_change"]',
        ) as local:
            _full_for_a_while(local, small, files)
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


SENDER = """
import sys
from celery import Celery
from earshot.settings import settings
from earshot.storage.redis_url import celery_url
url = celery_url(settings().redis_url)
client = Celery(broker=url, backend=url)
sent = [
    client.send_task("ingest.recording", [{"uri": f"file://{path}"}], queue="ingest")
    for path in sys.argv[1:]
]
print("sent", flush=True)
print(*[each.get(timeout=200)["state"] for each in sent])
"""


def _full_for_a_while(local: Local, small: Path, files: list[Path]) -> None:
    filler = small / "filler"
    _fill(filler)
    argv = [sys.executable, "-c", SENDER, *map(str, files)]
    with subprocess.Popen(argv, env=local.env(), stdout=subprocess.PIPE, text=True) as sender:
        try:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "sent\n"
            logs = local.home / "logs"
            assert became(
                lambda: any(
                    "disk_full" in log.read_text(errors="replace") for log in logs.glob("*.log")
                ),
                60,
            )
            filler.unlink()
            states = sender.communicate(timeout=200)[0].split()
        finally:
            sender.kill()
    assert len(states) == len(files)
    assert "failed" not in states
    assert became(lambda: local.earshot("list").stdout.count("complete") == len(files), 120), (
        local.earshot("list").stdout
    )


def _fill(filler: Path) -> None:
    with filler.open("wb") as file, suppress(OSError):
        while file.write(bytes(65_536)):
            file.flush()
