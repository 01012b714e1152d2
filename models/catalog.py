"""The checkpoints this version of the project knows, read from ``catalog.toml``."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from analysis.errors import Misconfigured
from analysis.types import Frozen, Release

CATALOG = Path(__file__).with_name("catalog.toml")


class Checkpoint(Frozen):
    """One entry of the catalog: a release and what a person should know of it."""

    name: str
    analysis: str
    runtime: str
    uri: str
    sha256: str
    sample_rate: int  # Hz
    licence: str
    """The strictest of the sets that the weights were trained on."""
    card: str
    """Model card, relative to ``models/``; empty where the wheel's own documentation serves."""
    labels: tuple[str, ...] = ()
    trained_on: tuple[str, ...] | None = None
    """Sets of recordings that its weights were fitted on, or anything else of it was chosen on; None when not known."""

    def release(self) -> Release:
        return Release(
            analysis=self.analysis, name=self.name, runtime=self.runtime, uri=self.uri, sha256=self.sha256, labels=self.labels
        )


def load(path: Path = CATALOG) -> tuple[Checkpoint, ...]:
    """The entries of a catalog file, in order.

    Raises:
        Misconfigured: not TOML, an entry lacks a key or has a strange one, or two share a name.
    """
    try:
        with path.open("rb") as file:
            entries = tuple(Checkpoint.model_validate(entry) for entry in tomllib.load(file)["checkpoint"])
    except (tomllib.TOMLDecodeError, KeyError, ValidationError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured("catalog", f"{path} cannot be read, mend its [[checkpoint]] entries: {reason}") from error
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise Misconfigured("catalog", f"{path} names {name} twice; every checkpoint needs a name of its own")
    return entries


@cache
def default_releases() -> dict[str, Release]:
    """Analysis to the release that serves it until another is made active: its first entry in the catalog."""
    found: dict[str, Release] = {}
    for entry in load():
        found.setdefault(entry.analysis, entry.release())
    return found
