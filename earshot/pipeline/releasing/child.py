"""Runs a command of the project as a child of a task, with its output as progress."""

import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from earshot.settings import PROJECT

STOP_SEC = 60.0
"""Time for a child to save its state once it is asked to stop."""
KEPT_LINES = 5


class Ended(NamedTuple):
    """How a child ended."""

    code: int
    stopped: bool
    """It was asked to."""
    last: str
    """The last line of its output."""
    errors: tuple[str, ...]
    """The last lines of its messages."""

    @property
    def reason(self) -> str:
        """For people: its last message."""
        return self.errors[-1] if self.errors else f"ended with exit code {self.code}"


class Child:
    """A command. It ends with this process: a worker that is killed leaves no trainer behind that
    writes into the folder of another one's."""

    def __init__(
        self,
        words: list[str],
        log: Path,
        beat: Callable[[Mapping[str, Any]], bool],
        every: float,
    ) -> None:
        """Args:
        words: of the command `earshot`.
        log: receives all its messages.
        beat: is called every ``every`` seconds with the last message; False stops the child.
        """
        self._argv = [sys.executable, "-m", "earshot.pipeline.releasing.tied", *words]
        self._log, self._beat, self._every = log, beat, every
        self._lines: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def run(self) -> Ended:
        """Returns when the child has ended.

        Raises:
            Exception: that of ``beat``; the child has ended then, too.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            self._argv,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C at the worker is no end of the training
        )
        readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", process.stdout), ("err", process.stderr))
            if stream is not None
        ]
        for each in readers:
            each.start()
        try:
            return self._watched(process, readers)
        finally:
            _end(process)

    def _watched(self, process: "subprocess.Popen[str]", readers: list[threading.Thread]) -> Ended:
        last, errors, stopped = "", deque[str](maxlen=KEPT_LINES), False
        due = time.monotonic()
        with self._log.open("a", encoding="utf-8") as log:
            while process.poll() is None or any(each.is_alive() for each in readers):
                line = self._next()
                if line is not None:
                    where, text = line
                    log.write(text + "\n")
                    log.flush()
                    if where == "out":
                        last = text
                    else:
                        errors.append(text.removeprefix("earshot: "))
                if time.monotonic() < due or stopped:
                    continue
                due = time.monotonic() + self._every
                if not self._beat({"message": errors[-1] if errors else last}):
                    stopped = True
                    _end(process)
            while (line := self._next(0)) is not None:
                last = line[1] if line[0] == "out" else last
                if line[0] == "err":
                    errors.append(line[1].removeprefix("earshot: "))
        return Ended(process.returncode, stopped, last, tuple(errors))

    def _next(self, wait: float = 0.5) -> tuple[str, str] | None:
        try:
            return self._lines.get(timeout=wait) if wait else self._lines.get_nowait()
        except queue.Empty:
            return None

    def _read(self, name: str, stream: IO[str]) -> None:
        for line in stream:
            if line.strip():
                self._lines.put((name, line.strip()))


def _end(process: "subprocess.Popen[str]") -> None:
    """SIGTERM, and SIGKILL for what does not end."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SEC)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
