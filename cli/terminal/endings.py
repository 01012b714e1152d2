"""What ends a command from outside: Ctrl-C, SIGTERM and a closed terminal, all in the same way."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listen() -> None:
    """From now on the first of them raises KeyboardInterrupt. What this process was started to
    ignore (nohup, a shell's ``&``) stays ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def ignore() -> None:
    """From now on they do nothing: what is left to do is to stop what was started, which takes its
    bounded time."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    ignore()  # a closing terminal sends several
    raise KeyboardInterrupt
