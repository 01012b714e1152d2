"""Signals that end a command: Ctrl-C, SIGTERM and a closed terminal, handled alike."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listen() -> None:
    """From now on the first of them raises KeyboardInterrupt. Signals ignored at the start of this
    process (nohup, a shell's ``&``) stay ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def ignore() -> None:
    """From now on they are ignored: only stopping the started processes is left, which takes a
    bounded time."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    ignore()  # a closing terminal sends several
    raise KeyboardInterrupt
