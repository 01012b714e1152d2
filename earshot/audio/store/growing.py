"""Detects files that are still being written: the kernel knows which processes hold them open, and
the time of the last write."""

import errno
import fcntl
import signal
import time
from pathlib import Path

from earshot.analysis.errors import Growing
from earshot.audio.media_file import MediaFile, opened

QUIET_SEC = 10
"""If open writers cannot be determined (a remote disk, another user's file, macOS), a file written
this recently may still grow."""
AHEAD_SEC = 3600
"""Maximum clock lead of a file server: files that it just wrote may have a time in the future."""
WAIT_SEC = 60
POLL_SEC = 0.5
REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "afs", "lustre", "virtiofs", "vboxsf", "fuse.")
"""Names of file systems that other machines may write to: the kernel does not see those writers,
and NFS without a delegation always refuses a lease."""


def still_written(file: MediaFile) -> bool:
    """True if more data is likely to follow: a recorder with a buffer, or of a call on hold, may
    write nothing for minutes."""
    held = _held_for_writing(file.descriptor)
    return -AHEAD_SEC < _age_sec(file) < QUIET_SEC if held is None else held


def check_settled(file: MediaFile) -> None:
    """Checks that the file is complete.

    Raises:
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
    """Requests a read lease, which the kernel grants only if the file has no open writer, and
    releases it; None if the kernel cannot tell."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        if _file_system(descriptor).startswith(REMOTE):
            return None
        fcntl.fcntl(
            descriptor, fcntl.F_SETSIG, signal.SIGURG
        )  # a later opener triggers the lease's signal; SIGIO would end this process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _file_system(descriptor: int) -> str:
    """The name of its type; empty if no mount is found for it."""
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
