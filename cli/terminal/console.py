"""Output of the command: results on stdout, messages on stderr, neither wrapped nor coloured when
piped.

External names and messages cannot move the cursor or forge a line.
"""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from earshot.analysis.printable import json_text, printable

PIPED_WIDTH = 10_000
"""Wide enough to prevent wrapping: a line of a table stays a line for grep and awk."""


class _Console(Console):
    """Escapes control characters, also in cells of a table."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for each in super().render(renderable, options):
            text = "\n".join(map(printable, each.text.split("\n")))
            yield each if each.control or text == each.text else Segment(text, each.style)


def show(renderable: RenderableType) -> None:
    """Prints a result; a text is one line."""
    if isinstance(renderable, str):
        renderable = printable(renderable)
    if sys.stdout.isatty():
        _Console(highlight=False, markup=False).print(renderable)
        return
    console = _Console(highlight=False, markup=False, width=PIPED_WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def show_json(value: Any, indent: int | None = None) -> None:
    """Prints a result as JSON."""
    sys.stdout.write(json_text(value, indent) + "\n")


def say(text: str) -> None:
    """Prints a message of one line."""
    notices().print(printable(text), markup=False, soft_wrap=True)


def notices() -> Console:
    """The console on stderr, for progress."""
    return _Console(stderr=True, highlight=False)
