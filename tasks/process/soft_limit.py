"""A soft time limit reaches a child while it does its task, and never while it tells the worker how
that has ended.

Celery's worker sends the signal when it has not read a result in time. After a lost connection it
has read none for seconds: a child may then be in the midst of writing one. billiard 4.2 cuts that
off, writes another, and the worker ends on what it reads.
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
    """Takes the place of billiard's handler, which raises in any case. Not a mask: that would be
    each thread's own."""
    if _Child.at_work:
        raise SoftTimeLimit


@task_prerun.connect
def _begins(**_: Any) -> None:
    signal.signal(
        LIMIT, _exceeded
    )  # billiard sets its own after all that is said of a child's beginning
    _Child.at_work = True


@task_postrun.connect
def _ends(**_: Any) -> None:
    _Child.at_work = False
