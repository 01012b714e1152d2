"""Measures an hour through our stages, with 25 noise windows a chunk and with one, and a part of it
in a conventional implementation.

The sides alternate, recording by recording, so that other load on the machine affects all alike.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from earshot.settings import PROJECT, Settings
from tasks.process.environment import process_env

COMPARED = 3
"""Recordings of five minutes for the conventional implementation."""
USUAL = PROJECT / ".venv-bench" / "bin" / "python"
"""Where ``make bench`` installs librosa, torch and scikit-learn."""

WINDOWS = "noise_windows_per_chunk"
VARIABLE = f"EARSHOT_{WINDOWS.upper()}"


class Stages(NamedTuple):
    """CPU seconds by stage."""

    pools: dict[str, str]  # of each analysis
    many: dict[str, float]  # over the hour, with 25 noise windows a chunk
    one: dict[str, float] | None  # the same with one; None where there is no such setting
    usual: dict[str, float] | None  # over the recordings compared; None if it is not installed
    ours: dict[str, float]  # over the same, with 25


def measure(python: str, paths: Sequence[Path], env: dict[str, str]) -> Stages:
    """Measures all sides.

    Raises:
        RuntimeError: one of the sides failed.
    """
    has_setting = WINDOWS in Settings.model_fields
    with ExitStack() as stack:
        worker = {**env, **process_env()}  # as workers run
        ours = stack.enter_context(_side(python, "trials.bench.stages", {**worker, VARIABLE: "25"}))
        one = (
            stack.enter_context(_side(python, "trials.bench.stages", {**worker, VARIABLE: "1"}))
            if has_setting
            else None
        )
        usual = (
            stack.enter_context(_side(str(USUAL), "trials.bench.usual", env))
            if USUAL.exists()
            else None
        )
        totals: dict[str, Counter[str]] = {
            name: Counter() for name in ("all", "one", "usual", "ours")
        }
        for index, path in enumerate(paths):
            measured = _ask(ours, str(path))
            totals["all"].update(measured["cpu"])
            if usual is not None and index < COMPARED:
                totals["usual"].update(_ask(usual, json.dumps(measured["work"]))["cpu"])
                totals["ours"].update(measured["cpu"])
            if one is not None:
                totals["one"].update(_ask(one, str(path))["cpu"])
        pools: dict[str, str] = ours.hello["pools"]
        totals["all"].update(ours.hello["cpu"])
        totals["one"].update(one.hello["cpu"] if one is not None else {})
    return Stages(
        pools,
        dict(totals["all"]),
        dict(totals["one"]) if has_setting else None,
        dict(totals["usual"]) if totals["usual"] else None,
        dict(totals["ours"]),
    )


class _Side(NamedTuple):
    process: "subprocess.Popen[str]"
    hello: dict[str, Any]


@contextmanager
def _side(python: str, module: str, env: dict[str, str]) -> Iterator[_Side]:
    argv = [python, "-m", module]
    process = subprocess.Popen(
        argv,
        env={**os.environ, **env},
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _Side(process, _answer(process))
    finally:
        process.kill()
        process.wait()


def _ask(side: _Side, line: str) -> dict[str, Any]:
    assert side.process.stdin is not None
    side.process.stdin.write(line + "\n")
    side.process.stdin.flush()
    return _answer(side.process)


def _answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} broke off, with status {process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer
