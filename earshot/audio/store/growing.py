"""Tells whether a file is still being written: the kernel knows who holds it open, and when it was
last written."""

import errno
import fcntl
import signal
import time
from pathlib import Path

from earshot.analysis.errors import Growing
from earshot.audio.media_file import MediaFile, opened

QUIET_SEC = 10
"""Where nobody can say who holds the file open (another machine's disk, another user's file,
macOS): a file that was written so recently may be written again."""
AHEAD_SEC = 3600
"""So far the clock of a file server may be ahead: what it wrote just now bears a time to come."""
WAIT_SEC = 60
POLL_SEC = 0.5
REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "afs", "lustre", "virtiofs", "vboxsf", "fuse.")
"""How the file systems are called whose files other machines may write: the kernel knows nothing of
that, and NFS without a delegation refuses a lease whoever holds the file."""


def still_written(file: MediaFile) -> bool:
    """Whether more is likely to come: a recorder with a buffer, or of a call on hold, may write
    nothing for minutes."""
    held = _held_for_writing(file.descriptor)
    return -AHEAD_SEC < _age_sec(file) < QUIET_SEC if held is None else held


def check_settled(file: MediaFile) -> None:
    """Raises:
    Unavailable: ``growing``.
    """
    if still_written(file):
        advice = "end the program that holds it open, or hand in a copy"
        raise Growing(
            "growing",
            f"{file.path} is still being written; its recording has not ended yet: {advice}",
        )


def wait_until_settled(path: Path) -> None:
    """Waits until nothing was written for a minute, and no longer than until the file grows.

    Raises:
        Unavailable: ``growing``.
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Forbidden: ``unreadable``.
    """
    size, until = None, time.monotonic() + WAIT_SEC
    while True:
        with opened(path) as file:
            if not still_written(file):
                return
            if (
                time.monotonic() > until
                or _age_sec(file) > WAIT_SEC
                or size not in (None, file.size)
            ):
                check_settled(file)
            size = file.size
        time.sleep(POLL_SEC)


def _age_sec(file: MediaFile) -> float:
    return time.time() - file.written_at


def _held_for_writing(descriptor: int) -> bool | None:
    """Asks for a read lease, which the kernel grants only while nobody has the file open for
    writing, and gives it back; None where it says nothing."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        if _file_system(descriptor).startswith(REMOTE):
            return None
        fcntl.fcntl(
            descriptor, fcntl.F_SETSIG, signal.SIGURG
        )  # whoever opens it meanwhile signals it; SIGIO would end this process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _file_system(descriptor: int) -> str:
    """The name of its type; empty where there is no mount of it to be seen."""
    facts = dict(
        line.split(":", 1)
        for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
        if ":" in line
    )
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[0] == facts["mnt_id"].strip():
            return fields[fields.index("-") + 1]
    return ""
