"""What goes to the terminal: results on stdout, words about the work on stderr, neither wrapped nor
coloured when piped.

Whatever names and messages from outside are in it, they move no cursor and forge no line.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from earshot.analysis.printable import printable

PIPED_WIDTH = 10_000
"""Wide enough that nothing is ever wrapped: a line of a table stays a line for grep and awk."""


class _Console(Console):
    """Escapes what a cell of a table, too, may hold."""

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


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with the letters of every language as they are, and what a terminal obeys as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "\n".join(map(printable, text.split("\n")))


def say(text: str) -> None:
    """Prints a word about the work: one line."""
    notices().print(printable(text), markup=False, soft_wrap=True)


def notices() -> Console:
    """The console on stderr, for progress."""
    return _Console(stderr=True, highlight=False)
