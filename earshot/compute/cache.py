"""Cache of the loaded models of this process, so that a worker reads each checkpoint once, not for
every job."""

import logging
from collections.abc import Callable
from typing import Any

from earshot.analysis.types import Release
from earshot.compute.device import free_memory, out_of_memory

log = logging.getLogger(__name__)

KEPT = 2
"""Models kept per analysis: the active release, and the previous one while recordings that began
under it are finished."""

_loaded: dict[tuple[Release, str], Any] = {}


def get(load: Callable[[Release, str], Any], release: Release, device: str) -> Any:
    """Returns the model of ``release`` on ``device``, loading it if necessary. If ``KEPT`` models
    of its analysis are cached, the least recently used one is dropped first; if memory is short,
    all others.

    Raises:
        Misconfigured: from ``load``, when the checkpoint is missing or differs from the release.
        RuntimeError: out of memory, as raised by the framework: it does not fit even alone.
    """
    key = (release, device)
    _loaded[key] = _loaded.pop(key) if key in _loaded else _load(load, release, device)
    return _loaded[key]


def _load(load: Callable[[Release, str], Any], release: Release, device: str) -> Any:
    siblings = [other for other in _loaded if other[0].analysis == release.analysis]
    stale = siblings[: max(0, len(siblings) - KEPT + 1)]
    for other in stale:  # before the new one is loaded: only the kept ones must fit
        del _loaded[other]
    if stale:
        free_memory()
    try:
        return load(release, device)
    except Exception as error:
        if not _loaded or not out_of_memory(error):
            raise
    # After the except block: until then the error's frames hold the loaded parts.
    log.warning(
        "no room for %s beside %s; it is loaded again without",
        release.name,
        ", ".join(each.name for each, _ in _loaded),
    )
    _loaded.clear()
    free_memory()
    return load(release, device)
