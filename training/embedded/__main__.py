"""Makes all embedded checkpoints anew and compares their cards with the published ones.

python -m training.embedded --data ../shared/data --models ../shared/models --out outputs/embedded

The sounds that the trunk learns from are in packages of Debian 12, so this needs ``apt-get``. What
was made is published by ``python -m training.fitting.publish outputs/embedded/scene/scene.onnx``.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import FrameType

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import MODELS, locate
from earshot.settings import settings
from training.embedded.chain import Failed, Recipe, Runner, recipes, with_needs
from training.embedded.intervals import compared

LISTENER = "whisper-base"


def main(chain: Sequence[Recipe], runner: Runner) -> int:
    """Runs the recipes, prints the comparison; 1 if a figure is outside its interval."""
    began = monotonic()
    try:
        runner.run(chain)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"\nmade in {(monotonic() - began) / 60:.0f} min")
    print(
        f"{'checkpoint':20} {'figures with an interval':>24} {'outside':>8} {'largest change':>15}"
    )
    missed = []
    for recipe in chain:
        if recipe.makes is None:
            continue
        card = recipe.makes.with_suffix(".md")
        found = compared((MODELS / "embedded" / card.name).read_text(), card.read_text())
        counts = f"{found.with_interval:>24} {len(found.outside):>8}"
        print(f"{card.stem:20} {counts} {found.largest_change:>15.3f}")
        missed += [f"{card.stem}: {figure}" for figure in found.outside]
    print(*missed, sep="\n")
    return int(bool(missed))


def whisper() -> Path:
    """The pulled weights of Whisper base.

    Raises:
        SystemExit: they were not pulled.
    """
    entry = next(entry for entry in load() if entry.name == LISTENER)
    try:
        return locate(entry.release(), settings()) / "model.bin"
    except Misconfigured as error:
        raise SystemExit(f"{error}; first: earshot models pull {LISTENER}") from error


def ended(number: int, frame: FrameType | None) -> None:
    """Ends the recipes with this process."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--only", nargs="+", metavar="RECIPE", help="these and what they need")
    parser.add_argument("--side-by-side", type=int, default=2, help="recipes at a time")
    arguments = parser.parse_args()
    folders = {
        "data": arguments.data,
        "models": arguments.models,
        "out": arguments.out,
        "whisper": whisper(),
    }
    known = recipes(folders)
    chosen = with_needs(arguments.only, known) if arguments.only else known
    signal.signal(signal.SIGTERM, ended)
    sys.exit(main(chosen, Runner(arguments.out, arguments.side_by_side)))
