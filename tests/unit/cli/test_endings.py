"""An interruption ends a command, wherever in it the signal arrives."""

import subprocess
import sys

import pytest

from earshot.settings import PROJECT

COMMAND = """
import os, signal, time
from cli.terminal import endings

class Connection:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0)  # the handler runs here, and its exception cannot leave a destructor

signal.signal(signal.{name}, signal.SIG_DFL)  # tests may run under nohup
endings.listen()
try:
    Connection()
    time.sleep(20)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interruption_during_a_destructor_is_not_lost(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(name=name)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_another_exception_of_a_destructor_is_reported() -> None:
    program = "\n".join(
        [
            "from cli.terminal import endings",
            "class Connection:",
            "    def __del__(self):",
            "        raise ValueError('closed twice')",
            "endings.listen()",
            "Connection()",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ValueError: closed twice" in done.stderr
