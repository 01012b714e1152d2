"""Throughput of the local stack with two candidates in shadow, and without, in turn; as a ratio.

python -m trials.shadow --minutes 10 --rounds 3
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from cli.localstack import processes, stack, waiting
from cli.terminal import endings
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import MODELS, sha256
from earshot.pipeline.releasing import shadowing
from earshot.settings import settings
from earshot.storage.postgres import db, lookup
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.releases import Change
from earshot.storage.releases import registered, shadows
from earshot.storage.releases.registered import Made
from trials.bench import hour

BAR = 0.9
NAME = "shadow"
EMBEDDED = ("noise", "scene", "sentiment")
"""Analyses whose default is one file."""
ME = Change(by="python -m trials.shadow", why="a measurement")
UNREAD = b"\xc2\x3e\x01"
"""Begin of a field that ONNX does not know, of one byte: the same network with another digest."""


class Round(NamedTuple):
    """One run over all recordings."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of the worker for releases in shadow."""
    answers: int
    """Of that worker, to chunks."""


def main(minutes: float, rounds: int, analysis: str) -> int:
    """Prints each round and the medians; exit status 1 if the bar is missed."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EARSHOT_HOME"] = str(Path(folder) / "home")
        paths = hour.compose(Path(folder), minutes)
        stack.up(_quiet, keep=False)
        try:
            return _measured(Path(folder), paths, rounds, analysis)
        finally:
            processes.stop(settings().home.resolve(), [NAME], 30)
            stack.release(_quiet)


def _measured(folder: Path, paths: list[Path], rounds: int, analysis: str) -> int:
    with db.connect() as connection:
        for mark in (b"a", b"b"):
            _in_shadow(connection, folder, analysis, mark)
        _run(connection, paths)  # their sample is of what comes from now on
        most = settings().reconcile_every_sec + 30
        waiting.until(lambda: shadows.waiting(connection) > 0, most, "upkeep's sample")
        ratios, shares = [], []
        for number in range(rounds):
            pair = {}
            for is_beside in (True, False) if number % 2 else (False, True):
                pair[is_beside] = (
                    _beside(connection, paths) if is_beside else _run(connection, paths)
                )
            alone, beside = pair[False], pair[True]
            ratios.append(alone.wall / beside.wall)
            shares.append(beside.cpu / beside.wall)
            print(
                f"round {number + 1}: {alone.wall:.1f} s alone, {beside.wall:.1f} s beside two"
                f" candidates of {analysis}: throughput {ratios[-1]:.3f}; their worker answered"
                f" {beside.answers} chunks with {shares[-1]:.3f} of a core",
                flush=True,
            )
    ratio = statistics.median(ratios)
    print(
        f"median: throughput {ratio:.3f} of the undisturbed (bar {BAR}), share of a core"
        f" {statistics.median(shares):.3f} (limit {settings().shadow_cpu_share})"
    )
    return 0 if ratio >= BAR else 1


def _in_shadow(connection: Connection, folder: Path, analysis: str, mark: bytes) -> None:
    """Registers the embedded network under a name of its own, for all recordings."""
    embedded = default_release(analysis)
    path = folder / f"{analysis}-{mark.decode()}.onnx"
    path.write_bytes((MODELS / embedded.uri).read_bytes() + UNREAD + mark)
    release = embedded.model_copy(
        update={"name": path.stem, "uri": str(path), "sha256": sha256(path)}
    )
    registered.register(connection, release, Made(), ME)
    row = registered.find(connection, release.name)
    shadowing.begin(connection, row, 1.0, ME, settings())


def _beside(connection: Connection, paths: list[Path]) -> Round:
    """A run beside a worker that has begun to answer."""
    from tasks.app import worker_argv
    from tasks.process.environment import process_env

    home = settings().home.resolve()
    before = _answers(connection)
    worker = processes.start(home, NAME, worker_argv((NAME,), 1, NAME), process_env())
    try:
        waiting.until(lambda: _answers(connection) > before, 120, "the first answer", worker.log)
        cpu = _cpu(worker.pid)
        found = _run(connection, paths)
        return found._replace(cpu=_cpu(worker.pid) - cpu)
    finally:
        processes.stop(home, [NAME], 30)


def _run(connection: Connection, paths: list[Path]) -> Round:
    """Ingests everything, until the last report.

    Raises:
        RuntimeError: a recording is not complete.
    """
    before = _answers(connection)
    command = [sys.executable, "-m", "earshot", "ingest", "--force", *map(str, paths)]
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - began
    states = {row["state"] for row in lookup.recent(connection, len(paths))}
    if states != {"complete"}:
        raise RuntimeError(f"recordings are {', '.join(sorted(states))}")
    return Round(wall, 0.0, _answers(connection) - before)


def _answers(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) AS answers FROM shadow_answer").fetchone()
    return int(row["answers"]) if row else 0


def _cpu(pid: int) -> float:
    """CPU seconds of a worker and its children."""
    parent = psutil.Process(pid)
    times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _quiet(_: str) -> None:
    """This program prints its own lines."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m trials.shadow", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="Length of the audio.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--analysis", choices=EMBEDDED, default="noise")
    asked = parser.parse_args()
    endings.listen()
    sys.exit(main(asked.minutes, asked.rounds, asked.analysis))
