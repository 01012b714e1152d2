"""The default release of each analysis."""

from functools import cache

from earshot.analysis.types import Release
from earshot.models.checkpoints.catalog import Checkpoint, load


@cache
def defaults() -> dict[str, Checkpoint]:
    """Default entry by analysis: the first one at hand."""
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
    """The catalog's default of an analysis; for one without a checkpoint, a release that stands for
    its code, which can be neither fetched nor promoted."""
    code = Release(analysis=analysis, name=f"{analysis}-code", runtime="code", uri="", sha256="")
    return default_releases().get(analysis, code)
