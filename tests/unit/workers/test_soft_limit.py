"""A soft time limit that comes too late hits neither the result of its task nor the next one."""

import os
import signal
from collections.abc import Iterator

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from celery.signals import task_postrun, task_prerun

import tasks.process.soft_limit


@pytest.fixture
def limit() -> Iterator[signal.Signals]:
    number = tasks.process.soft_limit.LIMIT
    before = signal.getsignal(number)
    yield number
    signal.signal(number, before)


def test_a_limit_reaches_a_task_and_only_a_task(limit: signal.Signals) -> None:
    task_prerun.send(None)
    with pytest.raises(SoftTimeLimitExceeded):
        os.kill(os.getpid(), limit)
    task_postrun.send(None)
    os.kill(os.getpid(), limit)  # its result is being written
    task_prerun.send(None)
    task_postrun.send(None)


def test_what_is_being_written_is_written_whole(limit: signal.Signals) -> None:
    """More than a pipe holds, so that the signal comes while the writer waits."""
    reader, writer = os.pipe()
    text, parent = b"x" * 1_000_000, os.getpid()
    task_prerun.send(None)
    task_postrun.send(None)
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.kill(parent, limit)
        read = 0
        while data := os.read(reader, 1 << 16):
            read += len(data)
        os._exit(read != len(text))
    os.close(reader)
    view = memoryview(text)
    while view:
        view = view[os.write(writer, view) :]
    os.close(writer)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
