"""Loaded models of this process, so that a worker reads each checkpoint once and not for every
job."""

import logging
from collections.abc import Callable
from typing import Any

from earshot.analysis.types import Release
from earshot.compute.device import free_memory, out_of_memory

log = logging.getLogger(__name__)

KEPT = 2
"""Models kept per analysis: the active release, and the one before it while recordings that began
under it are finished."""

_loaded: dict[tuple[Release, str], Any] = {}


def get(load: Callable[[Release, str], Any], release: Release, device: str) -> Any:
    """The model of ``release`` on ``device``, loaded now if it is not there. For it the least
    recently used of its analysis is let go where ``KEPT`` are there, and when there is no room all
    others are.

    Raises:
        Misconfigured: from ``load``, when the checkpoint is missing or is not what the release
            says.
        RuntimeError: out of memory, as the framework says it: it does not fit even alone.
    """
    key = (release, device)
    _loaded[key] = _loaded.pop(key) if key in _loaded else _load(load, release, device)
    return _loaded[key]


def _load(load: Callable[[Release, str], Any], release: Release, device: str) -> Any:
    siblings = [other for other in _loaded if other[0].analysis == release.analysis]
    stale = siblings[: max(0, len(siblings) - KEPT + 1)]
    for other in stale:  # before the new one comes: only what is kept has to fit
        del _loaded[other]
    if stale:
        free_memory()
    try:
        return load(release, device)
    except Exception as error:
        if not _loaded or not out_of_memory(error):
            raise
    # After the except block: until then the error's frames hold what had been loaded.
    log.warning(
        "no room for %s beside %s; it is loaded again without",
        release.name,
        ", ".join(each.name for each, _ in _loaded),
    )
    _loaded.clear()
    free_memory()
    return load(release, device)
