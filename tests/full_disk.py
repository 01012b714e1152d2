"""A disk that is full for some processes and not for others, without root and without a disk of
one's own."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

LARGEST = 400_000
"""Bytes that a file of such a process may have: more than a log of a test, less than half a minute
of decoded sound."""

needs_limits = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason=f"{sys.platform} sets no limits of other processes"
)


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """No file of the process and its children grows beyond ``LARGEST``: writing fails with EFBIG,
    which stands in one line with ENOSPC and EDQUOT."""
    _limit(pid, LARGEST)
    try:
        yield
    finally:
        _limit(pid, None)


def _limit(pid: int, largest: int | None) -> None:
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(
            process.pid, resource.RLIMIT_FSIZE, (hard if largest is None else largest, hard)
        )
