"""What goes to the terminal: results on stdout, words about the work on stderr, neither wrapped nor coloured when piped."""

import sys

from rich.console import Console, RenderableType

PIPED_WIDTH = 10_000
"""Wide enough that nothing is ever wrapped: a line of a table stays a line for grep and awk."""


def show(renderable: RenderableType) -> None:
    """Prints a result."""
    if sys.stdout.isatty():
        Console(highlight=False, markup=False).print(renderable)
        return
    console = Console(highlight=False, markup=False, width=PIPED_WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def say(text: str) -> None:
    """Prints a word about the work."""
    notices().print(text, markup=False, soft_wrap=True)


def notices() -> Console:
    """The console on stderr, for progress."""
    return Console(stderr=True, highlight=False)
