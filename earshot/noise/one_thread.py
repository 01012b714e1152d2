"""Keeps BLAS and OpenMP on one thread during classification, also outside of workers."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _pools(libraries: int) -> ThreadpoolController:
    """The thread pools of the loaded libraries; finding them takes a millisecond."""
    return ThreadpoolController()


def one_thread(libraries: int = 0) -> AbstractContextManager[object]:
    """A context in which no numeric library of this process uses more than one thread; afterwards
    the previous limits apply.

    A window is too little work to share: waiting threads spin, and take several times the CPU of
    the work itself. Workers start with one thread, which a library cannot require of another
    program's process (``tasks.app``).

    Args:
        libraries: another number if more of them are loaded than at the last call.
    """
    limited: AbstractContextManager[object] = _pools(libraries).limit(limits=1)
    return limited
