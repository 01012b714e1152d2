"""Renders what people corrected in a report, and where later answers differ."""

from collections.abc import Iterator

from rich.text import Text

from cli.terminal.strip import clock
from earshot.analysis.printable import plural, printable
from earshot.analysis.report.corrected import Conflict, ReportCorrections, Shown

LONGEST = 60
"""Characters of a value."""


def corrections(found: ReportCorrections) -> Iterator[Text]:
    """A line about the corrections, and one for each conflict."""
    counts = [
        plural(len(places), noun)
        for noun, places in (
            ("turn", found.turns),
            ("speaker", found.speakers),
            ("noise label", found.noise),
            ("scene", found.scene),
            ("conflict", found.conflicts),
        )
        if places
    ]
    counts += ["the roles"] if found.roles else []
    yield Text(f"\nCorrected by people: {', '.join(counts) or 'nothing'}", style="dim")
    yield from map(_conflict, found.conflicts)


def _conflict(found: Conflict) -> Text:
    where = "" if found.start_ms is None else f"{clock(found.start_ms)} "
    answer = _value(found.answer) if found.answer else "nothing at this place"
    shown = "corrected" if found.reason == "changed" else "answered"
    return Text(
        f"conflict: {where}{found.kind}: corrected to {_value(found.corrected)},"
        f" now answered {answer}; {shown} is shown",
        style="yellow",
    )


def _value(value: Shown) -> str:
    fields = value.model_dump(exclude_none=True)
    stretches = fields.pop("stretches", ())
    parts = [*fields.values(), *(each["label"] for each in stretches)]
    text = printable(" ".join(map(_plain, parts)))
    return f'"{text if len(text) <= LONGEST else text[:LONGEST] + "..."}"'


def _plain(part: object) -> str:
    return " ".join(part) if isinstance(part, tuple) else str(part)
