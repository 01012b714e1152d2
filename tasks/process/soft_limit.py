"""Delivers a soft time limit to a child only during its task, never while it reports the result to
the worker.

Celery's worker sends the signal when it has not read a result in time. After a lost connection it
has read none for seconds: a child may then be writing one. billiard 4.2 cuts that off, writes
another, and the worker ends on the mixture.
"""

import signal
from types import FrameType
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from celery.signals import task_postrun, task_prerun

from earshot.analysis.errors import OutOfTime

LIMIT = signal.SIGUSR1
"""billiard's signal for it."""


class SoftTimeLimit(OutOfTime, SoftTimeLimitExceeded):  # type: ignore[misc]  # no types
    """The limit, as the pipeline and as Celery know it."""


class _Child:
    at_work = False


def _exceeded(_number: int, _frame: FrameType | None) -> None:
    """Replaces billiard's handler, which always raises. Not a signal mask, which would be per
    thread."""
    if _Child.at_work:
        raise SoftTimeLimit


@task_prerun.connect
def _begins(**_: Any) -> None:
    signal.signal(LIMIT, _exceeded)  # billiard sets its own after all signals of a child's start
    _Child.at_work = True


@task_postrun.connect
def _ends(**_: Any) -> None:
    _Child.at_work = False
