"""Identifies a process beyond its id, independent of the clock: by the boot of the machine, and the
start within it."""

import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

_LINUX_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Identity(NamedTuple):
    """One process: a later one with the same id differs in ``start``, one of another boot in
    ``boot``."""

    pid: int
    boot: str
    start: float
    """On Linux seconds from the boot, on macOS the time recorded by the kernel: neither moves with
    the clock."""

    def status(self) -> str | None:
        """The kernel's state of the process, or None if it is gone or its id belongs to another."""
        try:
            found = psutil.Process(self.pid)
            return str(found.status()) if of(self.pid) == self else None
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        """False also for a dead process that its parent has not collected, as happens below a
        container's first process."""
        return self.status() not in (None, psutil.STATUS_ZOMBIE)


def of(pid: int) -> Identity:
    """The identity of a process id.

    Raises:
        psutil.NoSuchProcess: there is none.
    """
    # psutil compares processes by this; its public `create_time()` is computed from the wall clock.
    return Identity(pid, boot(), float(psutil.Process(pid)._ident[1]))


@cache
def boot() -> str:
    """A name that the kernel generates at every boot."""
    if _LINUX_BOOT.exists():
        return _LINUX_BOOT.read_text(encoding="ascii").strip()
    result = subprocess.run(
        ["sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()
