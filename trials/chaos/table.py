"""The table, as the Markdown between two markers of docs/reliability.md."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from trials.chaos.verdict import Figures

BEGIN, END = "<!-- table: python -m trials.chaos -->", "<!-- end of table -->"

_HEAD = (
    "scenario | recordings in | merged once | merged twice | lost | events | events lost |"
    " duplicate event ids | wrong content | faults | extra work | allowed | time to recover | "
)


def markdown(rows: Sequence[Figures], command: str) -> str:
    """The machine, the date and one line for each row."""
    columns = _HEAD.count("|")
    lines = [
        f"{_machine()}; {datetime.now(UTC):%Y-%m-%d}; `{command}`.",
        "",
        f"| {_HEAD}|",
        f"|---|{'--:|' * (columns - 1)}---|",
    ]
    return "\n".join([*lines, *map(line, rows)])


def fits(document: Path, begin: str = BEGIN, end: str = END) -> bool:
    """True if the document has a place for the table."""
    return document.is_file() and {begin, end} <= set(
        document.read_text(encoding="utf-8").splitlines()
    )


def write(document: Path, table: str, begin: str = BEGIN, end: str = END) -> None:
    """Puts the table between the document's markers."""
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def line(row: Figures) -> str:
    """One row."""
    bar = "ok" if row.kept else f"MISSED {'; '.join(row.misses)}".strip()
    cells = [row.scenario, *map(str, row[1:-2]), f"{row.recovery_sec:.1f} s", bar]
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("celery", "kombu", "redis", "psycopg")
    )
    return (
        f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GB; Python"
        f" {platform.python_version()}, {packages}"
    )
