"""Progress that is never silent, and the request to stop."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType

log = logging.getLogger(__name__)

EVERY_SEC = 8.0
"""Below the 10 s after which a training must have reported."""


@dataclass(frozen=True)
class Report:
    """One report of progress."""

    stage: str
    done: int
    total: int
    """0: not known."""
    figures: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    """Since the training began or was resumed."""

    def __str__(self) -> str:
        count = f" {self.done}/{self.total}" if self.total else ""
        figures = "".join(f"  {name} {value:.4g}" for name, value in self.figures.items())
        return f"{self.seconds:6.0f} s  {self.stage}{count}{figures}"


class Stopped(Exception):
    """The training was asked to stop; its state is saved."""


def logged(report: Report) -> None:
    """Writes a report to the log."""
    log.info("%s", report)


class Watch:
    """Reports progress at every stage and at least every ``every`` seconds.

    While a library computes without returning, a thread of the watch reports in place of the
    training: ``report`` is called from either, but never from both at once.
    """

    def __init__(
        self,
        report: Callable[[Report], None] = logged,
        stop: Callable[[], bool] = lambda: False,
        every: float = EVERY_SEC,
    ) -> None:
        self._report, self._stop, self._every = report, stop, every
        self._began = self._last = time.monotonic()
        self._now = Report("starting", 0, 0)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> "Watch":
        threading.Thread(target=self._tick, daemon=True, name="training-progress").start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()

    @contextmanager
    def stage(self, name: str, total: int = 0) -> Iterator[None]:
        """Reports the beginning of a stage; every ``step`` inside belongs to it."""
        self._set(Report(name, 0, total), now=True)
        yield

    def step(self, done: int, **figures: float) -> None:
        """Reports progress in the stage, if the last report is old enough."""
        self._set(Report(self._now.stage, done, self._now.total, figures), now=False)

    def say(self, text: str) -> None:
        """Reports something of interest now."""
        with self._lock:
            before, self._now = self._now, Report(text, 0, 0)
            self._emit()
            self._now = before

    def check(self) -> None:
        """Raises:
        Stopped: the caller wants it.
        """
        if self._stop():
            raise Stopped

    @property
    def seconds(self) -> float:
        """Since the training began or was resumed."""
        return time.monotonic() - self._began

    @property
    def stopping(self) -> bool:
        return self._stop()

    def _set(self, report: Report, now: bool) -> None:
        with self._lock:
            self._now = report
            if now or time.monotonic() - self._last >= self._every:
                self._emit()

    def _tick(self) -> None:
        while not self._ended.wait(min(self._every / 4, 1.0)):
            with self._lock:
                if time.monotonic() - self._last >= self._every:
                    self._emit()

    def _emit(self) -> None:
        self._last = time.monotonic()
        now = self._now
        seconds = self._last - self._began
        self._report(Report(now.stage, now.done, now.total, now.figures, seconds))
