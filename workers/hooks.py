"""Hooks around jobs, for metrics and spans: registered once, they enclose every job that this
process runs."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType

from earshot.analysis.errors import OutOfTime
from earshot.analysis.outcome import Outcome
from earshot.analysis.types import Job

log = logging.getLogger(__name__)

FAILED = "%s: hook %r failed; the job goes on"


@dataclass
class JobRun:
    """One run of a job; a job that is tried again runs again."""

    job: Job
    outcomes: tuple[Outcome, ...] | None = None
    """One per chunk, in order; None until the job ends, and when it raises."""


Hook = Callable[[JobRun], AbstractContextManager[object]]
"""Entered before the job. Left after it, with the outcomes in the ``JobRun``, or with the job's
exception."""

_hooks: list[Hook] = []


def register(hook: Hook) -> None:
    """Adds a hook to this process and the children it forks; at process start, before any job. The
    hook that is registered first is the outermost."""
    _hooks.append(hook)


def unregister(hook: Hook) -> None:
    """Removes a hook from this process.

    Raises:
        ValueError: it is not registered.
    """
    _hooks.remove(hook)


@contextmanager
def around_job(job: Job) -> Iterator[JobRun]:
    """Encloses a job in the registered hooks. The caller sets ``outcomes``. An exception of a hook
    is logged and changes nothing; an exception of the job, and the time limit of its task wherever
    it strikes, reach the caller."""
    run = JobRun(job)
    with ExitStack() as entered:
        for hook in _hooks:
            entered.enter_context(_Guarded(hook, run))
        yield run


class _Guarded:
    """A hook whose exceptions are logged, and which cannot suppress those of the job."""

    def __init__(self, hook: Hook, run: JobRun) -> None:
        self._hook, self._run = hook, run
        self._entered: AbstractContextManager[object] | None = None

    def __enter__(self) -> None:
        try:
            context = self._hook(self._run)
            context.__enter__()
            self._entered = context
        except OutOfTime:
            raise
        except Exception:
            log.exception(FAILED, self._run.job.analysis, self._hook)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._entered is not None:
                self._entered.__exit__(kind, error, trace)
        except OutOfTime:
            raise
        except Exception:
            log.exception(FAILED, self._run.job.analysis, self._hook)
