"""The release that serves an analysis until another one is promoted."""

from functools import cache

from earshot.analysis.types import Release
from earshot.models.checkpoints.catalog import Checkpoint, load


@cache
def defaults() -> dict[str, Checkpoint]:
    """Analysis to the entry that serves it until another is made active: its first one that is at
    hand."""
    found: dict[str, Checkpoint] = {}
    for entry in load():
        if entry.at_hand:
            found.setdefault(entry.analysis, entry)
    return found


@cache
def default_releases() -> dict[str, Release]:
    """The releases of ``defaults``."""
    return {analysis: entry.release() for analysis, entry in defaults().items()}


def default_release(analysis: str) -> Release:
    """The catalog's default of an analysis; of one without a checkpoint, a release that stands for
    its code: nothing to fetch, nothing to promote."""
    code = Release(analysis=analysis, name=f"{analysis}-code", runtime="code", uri="", sha256="")
    return default_releases().get(analysis, code)
