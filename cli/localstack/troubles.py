"""Records of parts that keep exiting, for ``doctor``, and for commands that wait for work."""

import json
from pathlib import Path

from earshot.analysis.types import Frozen


class Trouble(Frozen):
    """A part of the stack that exited soon after each restart."""

    failures: int
    """Exits and failed starts in a row."""
    at: float
    """Time of the last one, seconds since the epoch."""
    why: str
    """The end of its log, or the reason why it could not be started."""


def read(home: Path) -> dict[str, Trouble]:
    """Troubles by name of the part; parts without any are absent."""
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
