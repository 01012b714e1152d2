"""Signals that end a command: Ctrl-C, SIGTERM and a closed terminal, handled alike."""

import signal
import sys
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_SEC = 0.05


def listen() -> None:
    """From now on the first of them raises KeyboardInterrupt. Signals ignored at the start of this
    process (nohup, a shell's ``&``) stay ignored."""
    sys.unraisablehook = _unraisable
    signal.signal(signal.SIGALRM, _end)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def ignore() -> None:
    """From now on they are ignored: only stopping the started processes is left, which takes a
    bounded time."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    ignore()  # a closing terminal sends several
    raise KeyboardInterrupt


def _unraisable(lost: "sys.UnraisableHookArgs") -> None:
    """Raises the interruption again where Python has dropped it: a signal may arrive while a
    destructor or a callback of C code runs, from which no exception leaves."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SEC)
    else:
        sys.__unraisablehook__(lost)
