"""The table of kinds, as the Markdown between two markers of docs/formats.md."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from trials.formats.children import Bent
from trials.formats.kinds import Kind
from trials.formats.whole import Verdict

BEGIN, END = "<!-- table: python -m trials.formats -->", "<!-- end of table -->"


class Row(NamedTuple):
    """One kind; without ``bent`` if no files were damaged."""

    kind: Kind
    whole: Verdict
    bent: Bent


def markdown(rows: Sequence[Row], command: str) -> str:
    """The totals, and one line for each kind."""
    lines = [
        f"PyAV {version('av')}; {datetime.now(UTC):%Y-%m-%d}; `{command}`.",
        "",
        " ".join([_wholes([row.whole for row in rows]), _bents([row.bent for row in rows])]),
        "",
        (
            "| kind | made by | files | seconds in | analysed | notes and faults | bent | analysed"
            " | refused | failed |"
        ),
        "|---|---|--:|--:|--:|---|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *map(_line, rows)])


def _wholes(wholes: Sequence[Verdict]) -> str:
    given, analysed = (
        sum(whole.seconds_in for whole in wholes),
        sum(whole.seconds_analysed for whole in wholes),
    )
    files, faults = sum(whole.files for whole in wholes), sum(len(whole.faults) for whole in wholes)
    return (
        f"{files} whole files of {len(wholes)} kinds: {given:.0f} s in, {analysed:.0f} s analysed,"
        f" {faults} faults."
    )


def _bents(bents: Sequence[Bent]) -> str:
    outcomes = sum((bent.outcomes for bent in bents), Counter[str]())
    failed = ", ".join(
        f"{sum(counts)} {name}"
        for name, counts in {
            "crashes": [outcomes["crashed"]],
            "hangs": [outcomes["hung"]],
            "unexpected exceptions": [
                count for outcome, count in outcomes.items() if outcome.startswith("raised ")
            ],
        }.items()
    )
    codes = ", ".join(f"{count:,} {code}" for code, count in outcomes.most_common())
    return (
        f"{sum(bent.files for bent in bents):,} bent ones, each in a process of 3 GB: {failed};"
        f" {max(bent.peak_kb for bent in bents) // 1024} MB at most, slowest"
        f" {max(bent.slowest_sec for bent in bents):.1f} s, the longest became"
        f" {max(bent.longest_sec for bent in bents):.0f} s of sound ({codes})."
    )


def _line(row: Row) -> str:
    kind, whole, bent = row
    remarks = [f"{count}x {note}" for note, count in whole.notes.items()] + [
        f"**{fault}**" for fault in whole.faults
    ]
    refused = bent.files - bent.outcomes["analysed"] - bent.failed
    cells = (
        *(
            kind.name,
            kind.tool,
            whole.files,
            f"{whole.seconds_in:.1f}",
            f"{whole.seconds_analysed:.1f}",
            "; ".join(remarks),
        ),
        *(f"{bent.files:,}", f"{bent.outcomes['analysed']:,}", f"{refused:,}", bent.failed),
    )
    return f"| {' | '.join(map(str, cells))} |"
