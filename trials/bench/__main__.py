"""``make bench``: the whole system against one process, CPU stages against a conventional
implementation, memory; in one run, as ratios."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cli.terminal import endings
from trials.bench import compared, first_event, hour, stage_rows, table

LIMIT_SEC = 3600
PARTS = ("system", "stages", "memory")


def main() -> int:
    """Prints the table; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m trials.bench", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=60, help="length of the audio (default: an hour)"
    )
    parser.add_argument(
        "--part",
        choices=PARTS,
        action="append",
        help="measure only this; may be repeated (default: all)",
    )
    asked = parser.parse_args()
    endings.listen()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            rows = _measure(Path(folder), home, asked.minutes, asked.part or PARTS)
        finally:  # in any case, nothing is left running
            subprocess.run(
                [sys.executable, "-m", "earshot", "down"],
                env=_env(home),
                stderr=subprocess.DEVNULL,
                check=False,
            )
    print(table.markdown(f"python -m trials.bench --minutes {asked.minutes:g}", rows))
    return 0 if all(row.kept for row in rows) else 1


def _measure(folder: Path, home: Path, minutes: float, parts: tuple[str, ...]) -> list[table.Row]:
    paths = hour.compose(folder, minutes)
    rows: list[table.Row] = []
    if "system" in parts:
        first_event.measure(home)  # creates the database; the second start is measured
        first, whole = first_event.measure(home)
        floor, system = (
            _run("trials.bench.floor", paths, home),
            _run("trials.bench.system", paths, home),
        )
        rows += table.system_rows(table.Figures(floor, system, first, whole))
    if "stages" in parts:
        rows += stage_rows.rows(compared.measure(sys.executable, paths, _env(home)), minutes)
    if "memory" in parts:
        rows += stage_rows.memory_rows(_run("trials.bench.memory", paths[:1], home))
    return rows


def _run(module: str, paths: list[Path], home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, paths)],
        env=_env(home),
        stdout=subprocess.PIPE,
        timeout=LIMIT_SEC,
        check=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _env(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "EARSHOT_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
