"""One run of the harness inside the copied project: the requested rows, one after the other, and
the table."""

import argparse
import os
import sys
import time
import traceback
from pathlib import Path

from cli.terminal import endings
from earshot.analysis.errors import one_line
from trials.chaos import table
from trials.chaos.arena import ANALYSES, FEW
from trials.chaos.scenario import Scenario, Size, play
from trials.chaos.scenarios import SCENARIOS
from trials.chaos.verdict import Figures


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Adds the command line options."""
    parser.add_argument(
        "--short", action="store_true", help="less of everything, and none of the long waits"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(SCENARIOS),
        metavar="ROW",
        help=f"of {', '.join(SCENARIOS)}",
    )
    parser.add_argument(
        "--logs", type=Path, help="a folder for what servers and workers of each row have written"
    )
    parser.add_argument(
        "--out", type=_document, help="a document to write the table into, between its markers"
    )
    return parser


def _document(name: str) -> Path:
    """A path relative to the start of the run; checked at the start, not after the rows."""
    path = Path(os.environ.get("CHAOS_STARTED_IN", ".")) / name
    if not table.fits(path):
        raise argparse.ArgumentTypeError(
            f"{name} is no document with the lines {table.BEGIN} and {table.END}"
        )
    return path


def main() -> int:
    """Prints the table; exit status 1 if a bar is missed or a row did not finish."""
    asked = arguments(argparse.ArgumentParser(prog="python -m trials.chaos")).parse_args()
    endings.listen()
    here = Path(os.environ["CHAOS_STARTED_IN"])
    sizes = {name: each.short if asked.short else each.full for name, each in SCENARIOS.items()}
    names = [
        name for name in asked.only or SCENARIOS if sizes[name] is not None and _is_playable(name)
    ]
    analyses = FEW if asked.short else ANALYSES
    rows = [
        _played(
            SCENARIOS[name], sizes[name], analyses, here / asked.logs / name if asked.logs else None
        )
        for name in names
    ]
    printed = table.markdown(rows, f"python -m trials.chaos{' --short' if asked.short else ''}")
    print(printed)
    if asked.out:
        table.write(asked.out, printed)
    return 0 if rows and all(row.kept for row in rows) else 1


def _is_playable(name: str) -> bool:
    hindrance = SCENARIOS[name].hindrance()
    if hindrance:
        print(f"{SCENARIOS[name].title}: left out, {hindrance}", file=sys.stderr, flush=True)
    return hindrance is None


def _played(
    scenario: Scenario, size: Size | None, analyses: tuple[str, ...], logs: Path | None
) -> Figures:
    assert size is not None
    began = time.monotonic()
    print(f"{scenario.title} ...", file=sys.stderr, flush=True)
    try:
        figures = play(scenario, size, analyses, logs)
    except Exception as error:  # noqa: BLE001  a failed row is a row of the table
        traceback.print_exc()
        reason = one_line(error)
        figures = Figures(
            scenario.title,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0.0,
            (f"not played to its end: {reason}",),
        )
    print(
        f"{table.line(figures)} {time.monotonic() - began:.0f} s in all",
        file=sys.stderr,
        flush=True,
    )
    return figures


if __name__ == "__main__":
    sys.exit(main())
