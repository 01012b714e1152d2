"""``make formats``: decodes intact files of every format and compares them with the input; decodes
damaged ones and counts crashes."""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from trials.chaos import table as document
from trials.formats import children, table
from trials.formats.kinds import KINDS, Kind
from trials.formats.make import make, missing_tools
from trials.formats.sounds import compose
from trials.formats.whole import listen

BENT_SEC = 0.8


def main() -> int:
    """Prints the table; exit status 1 if audio is missing without a note, or any file crashes,
    hangs or raises."""
    parser = argparse.ArgumentParser(prog="python -m trials.formats", description=__doc__)
    parser.add_argument(
        "--bent",
        type=int,
        default=100_000,
        metavar="FILES",
        help="how many bent files (default: 100,000)",
    )
    parser.add_argument("--seed", type=int, default=1, help="the first of their seeds")
    parser.add_argument(
        "--processes",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="side by side, for the bent files",
    )
    parser.add_argument("--only", metavar="WORDS", help="kinds with this in their name")
    parser.add_argument(
        "--out", type=Path, help="a document to write the table into, between its markers"
    )
    asked = parser.parse_args()
    missing = missing_tools()
    if missing:
        print(
            f"make formats needs {', '.join(missing)}; install what is missing (Debian: ffmpeg sox"
            " opus-tools lame)",
            file=sys.stderr,
        )
        return 2
    kinds = [kind for kind in KINDS if (asked.only or "").lower() in kind.name.lower()]
    rows = _rows(kinds, asked.bent, asked.seed, asked.processes)
    printed = table.markdown(
        rows, f"python -m trials.formats --bent {asked.bent} --seed {asked.seed}"
    )
    print(printed)
    if asked.out:
        document.write(asked.out, printed, table.BEGIN, table.END)
    for row in rows:
        if row.bent.seeds:
            print(f"{row.kind.tool}, {row.kind.name}: seeds {row.bent.seeds}", file=sys.stderr)
    return 1 if any(row.whole.faults or row.bent.failed for row in rows) else 0


def _rows(kinds: list[Kind], bent: int, seed: int, processes: int) -> list[table.Row]:
    wholes = []
    for kind in kinds:
        print(f"{kind.tool}: {kind.name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            wholes.append(listen(kind, Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        bases = [_base(kind, Path(folder), number) for number, kind in enumerate(kinds)]
        bents = children.bend(bases, range(seed, seed + bent), processes)
    return [table.Row(*row) for row in zip(kinds, wholes, bents, strict=True)]


def _base(kind: Kind, folder: Path, number: int) -> Path:
    """A short file to damage, at any of the kind's rates and channels."""
    dice = random.Random(number)
    rate, channels = dice.choice(kind.rates), dice.choice(kind.channels)
    return make(kind, folder, str(number), compose(BENT_SEC, rate, channels), rate)


if __name__ == "__main__":
    sys.exit(main())
