"""Compares the figures of two cards of a model."""

import re
from dataclasses import dataclass

CELL = re.compile(r"(-?\d+\.\d+) \((-?\d+\.\d+)[-–](-?\d+\.\d+)\)")
NUMBER = re.compile(r"-?\d+\.\d+")
OF_THE_RUN = re.compile(r" \(\d+\.\d+\)$|\b\d+%")
"""A share in the name of a row, which another run changes."""


@dataclass(frozen=True)
class Figure:
    """A cell of a table with its 95 % interval, if it has one."""

    value: float
    low: float | None = None
    high: float | None = None


Place = tuple[str, str, str]
"""Section, row and column."""


def figures(card: str) -> dict[Place, Figure]:
    """The numbers in the tables of a card."""
    found: dict[Place, Figure] = {}
    section, header = "", []
    for line in card.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not header:
            header = cells
        for column, cell in zip(header[1:], cells[1:], strict=False):
            if whole := CELL.fullmatch(cell):
                figure = Figure(*map(float, whole.groups()))
            elif NUMBER.fullmatch(cell):
                figure = Figure(float(cell))
            else:
                continue
            found.setdefault((section, OF_THE_RUN.sub("", cells[0]), column), figure)
    return found


@dataclass(frozen=True)
class Compared:
    """What a new card has of the figures of the one before."""

    with_interval: int
    outside: tuple[str, ...]
    """Figures that are absent or outside their interval, in words."""
    largest_change: float
    """Of a figure, with an interval or without."""


def compared(before: str, now: str) -> Compared:
    """Compares cards, table by table."""
    old, new = figures(before), figures(now)
    outside, bounded = [], 0
    for place, figure in old.items():
        if figure.low is None or figure.high is None:
            continue
        bounded += 1
        interval = f"{figure.low:.3f}-{figure.high:.3f}"
        if place not in new:
            outside.append(f"{' / '.join(place)}: absent")
        elif not figure.low <= new[place].value <= figure.high:
            outside.append(f"{' / '.join(place)}: {new[place].value:.3f} is not in {interval}")
    changes = (abs(new[place].value - old[place].value) for place in old.keys() & new.keys())
    return Compared(bounded, tuple(outside), max(changes, default=0.0))
