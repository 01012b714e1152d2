"""The user whom the local Postgres runs as where root starts it."""

import grp
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from secrets import token_hex

import pytest

PROCESSES = 4
CREATE = """
import sys
from cli.localstack.postgres_package import _user
sys.stdin.readline()
print(_user(sys.argv[1]).pw_uid)
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")


@pytest.fixture
def name() -> Iterator[str]:
    name = f"earshot-{token_hex(4)}"
    yield name
    subprocess.run(["userdel", name], check=True, capture_output=True)


def test_stacks_that_start_together_on_a_new_machine_create_one_user(name: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CREATE, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    found = {process.communicate(timeout=60)[0].strip() for process in started}
    assert found == {str(pwd.getpwnam(name).pw_uid)}
    assert grp.getgrnam(name).gr_gid == pwd.getpwnam(name).pw_gid
