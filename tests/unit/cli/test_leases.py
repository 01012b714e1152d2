"""Who keeps the local stack up: a kept one stays, a lease ends with its process."""

import subprocess
import sys
from pathlib import Path

from cli.localstack import leases

TAKE = (
    "import sys; from pathlib import Path; from cli.localstack import leases;"
    " leases.take(Path(sys.argv[1])); "
)


def another(home: Path, then: str) -> "subprocess.Popen[str]":
    """A process that takes a lease and prints a line."""
    code = TAKE + "print('taken', flush=True); " + then
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def test_nobody_needs_it_at_first(tmp_path: Path) -> None:
    assert not leases.needed(tmp_path)


def test_kept_until_cleared(tmp_path: Path) -> None:
    leases.keep(tmp_path)
    leases.take(tmp_path)
    leases.give_back(tmp_path)
    assert leases.needed(tmp_path)
    leases.clear(tmp_path)
    assert not leases.needed(tmp_path)


def test_needed_while_another_process_runs_and_no_longer(tmp_path: Path) -> None:
    with another(tmp_path, "sys.stdin.read()") as process:
        assert leases.needed(tmp_path)
        process.kill()
    assert not leases.needed(tmp_path)


def test_a_recycled_pid_holds_nothing(tmp_path: Path) -> None:
    leases.take(tmp_path)
    lease = next((tmp_path / "run" / "leases").iterdir())
    lease.write_text("12.5", encoding="utf-8")
    assert not leases.needed(tmp_path)
