"""What the supervisor could not keep running, written down for whoever asks: ``doctor``, and
commands that wait for work."""

import json
from pathlib import Path

from earshot.analysis.types import Frozen


class Trouble(Frozen):
    """A part of the stack that ended, and was started again, without running for long since."""

    failures: int
    """Ends and failed starts in a row."""
    at: float
    """Of the last one, seconds since the epoch."""
    why: str
    """The end of its log, or why it could not be started."""


def read(home: Path) -> dict[str, Trouble]:
    """Name of a part to its trouble; parts without any are absent."""
    try:
        found = json.loads(_file(home).read_text(encoding="utf-8"))
        return {name: Trouble.model_validate(each) for name, each in found.items()}
    except (FileNotFoundError, ValueError):
        return {}


def write(home: Path, found: dict[str, Trouble]) -> None:
    part = _file(home).with_suffix(".part")
    part.write_text(
        json.dumps({name: each.model_dump() for name, each in found.items()}), encoding="utf-8"
    )
    part.replace(_file(home))


def clear(home: Path) -> None:
    _file(home).unlink(missing_ok=True)


def _file(home: Path) -> Path:
    return home / "run" / "troubles.json"
