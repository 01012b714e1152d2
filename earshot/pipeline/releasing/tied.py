"""Becomes a command of the project that gets SIGTERM when its parent ends: ``python -m
earshot.pipeline.releasing.tied train ...``. Linux alone has that; elsewhere a child of a killed
worker runs to its end, and the lock of its folder keeps others away."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Of ``prctl(2)``."""


def main() -> None:
    """Replaces this process."""
    parent = os.getppid()
    for each in (signal.SIGTERM, signal.SIGINT):  # ignored by Celery's children, and inherited
        signal.signal(each, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # it ended before
            raise SystemExit(1)
    os.execv(sys.executable, [sys.executable, "-m", "earshot", *sys.argv[1:]])


if __name__ == "__main__":
    main()
