"""Tells whether a file is still being written: the kernel knows who holds it open, and when it was last written."""

import errno
import fcntl
import signal
import time
from pathlib import Path

from analysis.errors import Growing
from audio.media_file import MediaFile, opened

QUIET_SEC = 10
"""Where nobody can say who holds the file open (another machine's disk, another user's file, macOS): a file that was written so
recently may be written again."""
HELD_SEC = 60
"""A file that a program holds open for writing, and has not written for so long, is left open rather than grown."""
POLL_SEC = 0.5


def still_written(file: MediaFile) -> bool:
    """Whether more is likely to come."""
    age = abs(time.time() - file.written_at)
    if age >= HELD_SEC:
        return False
    held = _held_for_writing(file.descriptor)
    return age < QUIET_SEC if held is None else held


def check_settled(file: MediaFile) -> None:
    """Raises:
    Unavailable: ``growing``.
    """
    if still_written(file):
        raise Growing("growing", f"{file.path} is still being written; its recording has not ended yet")


def wait_until_settled(path: Path) -> None:
    """Waits a minute at most, and no longer than until the file grows.

    Raises:
        Unavailable: ``growing``.
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Forbidden: ``unreadable``.
    """
    size, until = None, time.monotonic() + HELD_SEC
    while True:
        with opened(path) as file:
            if not still_written(file):
                return
            if time.monotonic() > until or size not in (None, file.size):
                check_settled(file)
            size = file.size
        time.sleep(POLL_SEC)


def _held_for_writing(descriptor: int) -> bool | None:
    """Asks for a read lease, which the kernel grants only while nobody has the file open for writing, and gives it back; None
    where it says nothing."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        fcntl.fcntl(
            descriptor, fcntl.F_SETSIG, signal.SIGURG
        )  # whoever opens it meanwhile signals it; SIGIO would end this process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
