"""Trains [001]'s network by ``earshot train`` and by a plain loop in turn, and prints both times.

python -m trials.training --data ../shared/data/emotion --part 300
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from training.recipes.emotion.net import LABELS
from training.trainers.data.listing import listed
from training.trainers.options import Options
from training.trainers.run import train
from training.trainers.watch import Watch
from trials.training.plain import seconds_an_epoch

EPOCHS = 50
ROUNDS = 3
MEASURED = 3
"""Epochs of the plain loop that are run in a round; every one costs the same."""


def main(data: Path, part: int) -> None:
    """Runs both ``ROUNDS`` times in turn on the same recordings."""
    rows = listed(data, "emotion", LABELS)
    rows = rows[:: max(len(rows) // part, 1)][:part]
    files = [(row.path, LABELS.index(row.label)) for row in rows]
    options = Options(epochs=EPOCHS, patience=EPOCHS, workers=len(os.sched_getaffinity(0)))
    held = round(options.holdout * len(files))  # the plain loop gets parts of the same sizes
    val = held + round(options.val_split * (len(files) - held))
    ours, plain = [], []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "labels.csv"
            lines = [f"{row.path.resolve()},{row.label},{row.speaker or ''}" for row in rows]
            table.write_text("\n".join(["path,label,speaker", *lines]) + "\n", encoding="utf-8")
            began = time.monotonic()
            watch = Watch(report=lambda report: None)
            train("emotion", table, Path(folder) / "out", options, watch)
            ours.append(time.monotonic() - began)
        epoch = seconds_an_epoch(files[val:], files[held:val], MEASURED, options.workers)
        plain.append(EPOCHS * epoch)
        print(
            f"round {number + 1}: {EPOCHS} epochs of {len(files)} recordings: earshot train"
            f" {ours[-1]:.1f} s, plain loop {plain[-1]:.1f} s, {plain[-1] / ours[-1]:.1f} times",
            flush=True,
        )
    ratio = statistics.median(b / a for a, b in zip(ours, plain, strict=True))
    print(
        f"median: earshot train {statistics.median(ours):.1f} s (checks, features and exports"
        f" included), plain loop {statistics.median(plain):.1f} s ({MEASURED} epochs measured),"
        f" {ratio:.1f} times"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", type=int, default=300, help="Recordings to train on.")
    arguments = parser.parse_args()
    main(arguments.data, arguments.part)
