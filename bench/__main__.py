"""``make bench``: the same audio through one process and through the whole system, in one run, as ratios."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import first_event, hour

LIMIT_SEC = 3600
CPU_BAR, WALL_BAR, FIRST_EVENT_BAR_SEC, CPU_POOL_BAR_MB = 1.35, 1.5, 10.0, 350.0


def main() -> int:
    """Prints the table; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="length of the audio (default: an hour)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        first_event.measure(home)  # makes the database; what is measured is the second start
        first, whole = first_event.measure(home)
        paths = hour.compose(Path(folder), minutes)
        floor = _run("bench.floor", paths, home)
        system = _run("bench.system", paths, home)
    return _print(minutes, floor, system, first, whole)


def _run(module: str, paths: list[Path], home: Path) -> dict[str, Any]:
    env = {**os.environ, "EARSHOT_HOME": str(home), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, paths)],
        env=env,
        stdout=subprocess.PIPE,
        timeout=LIMIT_SEC,
        check=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _print(minutes: float, floor: dict[str, Any], system: dict[str, Any], first: float, whole: float) -> int:
    cores = len(os.sched_getaffinity(0))
    cpu_ratio, wall_ratio = system["cpu"] / floor["cpu"], system["wall"] * cores / floor["wall"]
    states = sorted(system["states"].values())
    print(f"{minutes:g} minutes of audio, {cores} cores, {len(states)} recordings: {', '.join(sorted(set(states)))}")
    print(f"{'':14}{'wall s':>10}{'CPU s':>10}")
    print(f"{'one process':14}{floor['wall']:10.1f}{floor['cpu']:10.1f}   peak {floor['peak_mb']:.0f} MB")
    print(f"{'whole system':14}{system['wall']:10.1f}{system['cpu']:10.1f}")
    bars = [
        ("CPU of all processes / floor", cpu_ratio, CPU_BAR, ""),
        ("wall x cores / floor", wall_ratio, WALL_BAR, ""),
        ("`earshot run` to first event", first, FIRST_EVENT_BAR_SEC, " s"),
        ("peak of a process of the pool `cpu`", system["peak_mb"]["cpu"], CPU_POOL_BAR_MB, " MB"),
    ]
    for name, value, bar, unit in bars:
        print(f"{name:38}{value:9.2f}{unit:3}  bar {bar:g}{unit}  {'ok' if value <= bar else 'MISSED'}")
    print(f"{'`earshot run`, from start to all stopped':38}{whole:9.2f} s")
    for name, peak in system["peak_mb"].items():
        print(f"{'peak memory of a process of ' + name:38}{peak:9.0f} MB")
    kept = all(value <= bar for _, value, bar, _ in bars) and set(states) == {"complete"}
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
