"""``make bench``: the same audio through one process and through the whole system, in one run, as ratios."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import first_event, hour, table
from earshot import endings

LIMIT_SEC = 3600


def main() -> int:
    """Prints the table; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="length of the audio (default: an hour)")
    minutes = parser.parse_args().minutes
    endings.listen()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            figures = _measure(Path(folder), home, minutes)
        finally:  # whatever ended it, nothing is left running
            subprocess.run([sys.executable, "-m", "earshot", "down"], env=_env(home), stderr=subprocess.DEVNULL, check=False)
    print(table.markdown(figures))
    return 0 if table.kept(figures) else 1


def _measure(folder: Path, home: Path, minutes: float) -> table.Figures:
    first_event.measure(home)  # makes the database; what is measured is the second start
    first, whole = first_event.measure(home)
    paths = hour.compose(folder, minutes)
    floor, system = _run("bench.floor", paths, home), _run("bench.system", paths, home)
    return table.Figures(minutes, floor, system, first, whole)


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
    return {**os.environ, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
