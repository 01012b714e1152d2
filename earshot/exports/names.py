"""Names of speakers, and one-line texts, as exports show them."""

import re

from earshot.analysis.printable import CONTROLS
from earshot.analysis.report.report import Report

CONTROL = re.compile(f"[{CONTROLS}\ud800-\udfff]")


def one_line(text: str) -> str:
    """The text with each run of blanks as one space, and without control characters."""
    return " ".join(CONTROL.sub(lambda mark: " " if mark[0].isspace() else "", text).split())


def speaker_names(report: Report) -> dict[str, str]:
    """Speaker id to shown name, each another one: the name that a person gave, the role where it is
    one speaker's alone, or a number. A name that is taken gets the id behind it."""
    roles = [speaker.role for speaker in report.speakers]
    names: dict[str, str] = {}
    for speaker in report.speakers:
        number = f"speaker {int(speaker.id[1:]) + 1}"
        role = one_line(speaker.role or "")
        alone = role and roles.count(speaker.role) == 1
        shown = role if alone else f"{role}, {number}" if role else number
        name = one_line(speaker.name or "") or shown[:1].upper() + shown[1:]
        while name in names.values():
            name = f"{name} ({speaker.id})"
        names[speaker.id] = name
    return names
