"""Keeps BLAS and OpenMP to one thread while a sound is classified, outside of workers too."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _pools(libraries: int) -> ThreadpoolController:
    """The thread pools of the libraries that are loaded; looking for them takes a millisecond."""
    return ThreadpoolController()


def one_thread(libraries: int = 0) -> AbstractContextManager[object]:
    """A context in which no numeric library of this process uses more than one thread; afterwards
    each has what it had.

    A window is too little work to share: threads that wait for their part of it spin, and take
    several times the CPU that the work takes. Workers are started with one thread, which cannot be
    asked of somebody else's process (``tasks.app``).

    Args:
        libraries: another number where more of them are loaded than when it was asked before.
    """
    limited: AbstractContextManager[object] = _pools(libraries).limit(limits=1)
    return limited
