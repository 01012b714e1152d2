"""``python -m trials.batch``: ``run.py`` on mixed files, killed at three points and started again,
and on calls of real length beside a plain script."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from cli.terminal import endings
from earshot.settings import PROJECT
from trials.batch import files
from trials.batch.runs import LIMIT_SEC, Runs
from trials.bench import hour

MODEL = "whisper-base"
"""Of the plain script, unless ``--model`` names a folder: the weights of tiny.en are on no registry
of packages."""
SOUND_HOURS, TIMES = 60.0, 4.0
PARTS = ("mixed", "throughput")


def main() -> int:
    """Prints figures; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m trials.batch", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this")
    parser.add_argument("--files", type=int, default=200, help="number of mixed files")
    parser.add_argument("--minutes", type=float, default=60, help="of calls of real length")
    parser.add_argument(
        "--model", help="of the plain script: a folder, e.g. faster-whisper-tiny.en"
    )
    asked = parser.parse_args()
    endings.listen()
    kept = True
    for part in asked.part or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "input").mkdir()
            runs = Runs(Path(folder))
            try:
                if part == "mixed":
                    kept &= mixed(runs, Path(folder) / "input", asked.files)
                else:
                    kept &= throughput(runs, Path(folder) / "input", asked.minutes, asked.model)
            finally:
                runs.down()
    return 0 if kept else 1


def mixed(runs: Runs, folder: Path, number: int) -> bool:
    """Kills a run before it submits, with the whole stack in the middle, and after its table."""
    made = files.mixed(folder, number)
    print(f"{number} files: {len(made.calls)} calls, {made.sound_sec / 60:.1f} min", flush=True)
    began = time.perf_counter()
    runs.killed(lambda log: " calls, " in log, with_stack=False)
    runs.killed(lambda log: log.count("] ") >= number // 2, with_stack=True)
    runs.killed(lambda log: "optimized_results_" in log, with_stack=False)
    status = runs.whole("--performance-report")
    took = time.perf_counter() - began
    rows = Counter(row["file_name"] for row in runs.rows())
    statuses = Counter(each["status"] for each in runs.json("file_statuses")["files"])
    failed = {each["file"] for each in runs.json("failed_calls")["files"]}
    once = rows == dict.fromkeys(made.calls | made.bad, 1)
    kept = once and status == 1 and failed == made.bad and len(runs.written()) == 4
    print(
        f"killed at three points: {took:.0f} s in all; status {status}; each call once: {once};"
        f" statuses {dict(statuses)}; failed are the bad ones: {failed == made.bad};"
        f" files: {', '.join(runs.written())}"
    )
    return kept


def throughput(runs: Runs, folder: Path, minutes: float, model: str | None) -> bool:
    """``run.py`` first, then the plain script on the same files, alone on the machine."""
    paths, load = hour.compose(folder, minutes), os.getloadavg()
    runs.whole("--dry-run")  # the page cache is warm for both
    status = runs.whole("--performance-report")
    report = runs.json("performance_report")
    ours = report["throughput"]
    plain = _plain(runs, paths, model)
    theirs = plain["sound"] / plain["wall"]
    print(
        json.dumps(
            {
                "cores": len(os.sched_getaffinity(0)),
                "load_before": load,
                "files": len(paths),
                "status": status,
                "ours": {
                    **ours,
                    "wall": report["wall_sec"],
                    "cpu": sum(each["cpu_sec"] for each in report["processes"]),
                },
                "bottleneck": report["bottleneck"],
                "plain": {**plain, "model": model or MODEL, "sound_hours_per_hour": theirs},
                "times": ours["sound_hours_per_hour"] / theirs,
            },
            indent=2,
        )
    )
    return bool(
        status == 0
        and ours["sound_hours_per_hour"] >= SOUND_HOURS
        and ours["sound_hours_per_hour"] >= TIMES * theirs
    )


def _plain(runs: Runs, paths: list[Path], model: str | None) -> dict[str, float]:
    if model is None:
        pull = [sys.executable, "-m", "earshot", "models", "pull", MODEL]
        subprocess.run(pull, env=runs.env, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        [found] = (runs.home / "models").rglob("model.bin")
        model = str(found.parent)
    threads = str(len(os.sched_getaffinity(0)))
    done = subprocess.run(
        [sys.executable, "-m", "trials.batch.plain", "--model", model, "--threads", threads]
        + [str(path) for path in paths],
        env=runs.env,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=LIMIT_SEC,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
