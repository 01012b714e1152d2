"""Loaded models of this process, so that a worker reads each checkpoint once and not for every job."""

from collections.abc import Callable
from typing import Any

from analysis.types import Release

KEPT = 2
"""Models kept per analysis: the active release, and the one before it while recordings that began under it are finished."""

_loaded: dict[tuple[Release, str], Any] = {}


def get(load: Callable[[Release, str], Any], release: Release, device: str) -> Any:
    """The model of ``release`` on ``device``, loaded now if it is not there; the least recently used above ``KEPT`` is let go.

    Raises:
        Misconfigured: from ``load``, when the checkpoint is missing or is not what the release says.
    """
    key = (release, device)
    model = _loaded.pop(key) if key in _loaded else load(release, device)
    _loaded[key] = model
    siblings = [other for other in _loaded if other[0].analysis == release.analysis]
    for stale in siblings[:-KEPT]:
        del _loaded[stale]
    return model
