"""The log of a run: every line on stderr, too."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.terminal.console import say
from earshot.analysis.printable import printable

log = logging.getLogger("earshot.batch")


@contextmanager
def logged(file: Path) -> Iterator[None]:
    """Until the end, ``note`` writes to this file."""
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def note(text: str, level: int = logging.INFO) -> None:
    """One line."""
    log.log(level, "%s", printable(text))
    say(text)
