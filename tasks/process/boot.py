"""Sets a worker up on Celery's first signal: environment, task modules, boot checks. So a plain
``celery -A tasks.app worker`` is set up like one that ``earshot worker`` starts.

Beat, Flower and clients send tasks by name. They need no task module, so the application does not
include any.
"""

import multiprocessing
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

from click import Option

from earshot.analysis.errors import EarshotError, Misconfigured
from earshot.pools import queues
from earshot.settings import settings
from tasks.process import environment

TASKS = (
    "tasks.ingest",
    "tasks.analyze",
    "tasks.merge",
    "tasks.finalize",
    "tasks.upkeep",
    "tasks.process.priority",
    "tasks.process.ready_file",
    "tasks.process.pausing",
    "tasks.process.presence",
    "tasks.process.fork",
    "tasks.process.soft_limit",
    "tasks.process.timing",
    "tasks.process.one_gpu",
)
"""Modules that only workers import: tasks, and handlers of a worker's signals."""

APP = "earshot"
"""Name of the application."""

UNCHECKED = Option(
    ("--unchecked",),
    is_flag=True,
    help="Start although a boot check fails: jobs for a checkpoint that is missing or whose licence"
    " forbids this use fail with that reason.",
)
"""Option of Celery's command ``worker``. The local stack serves all analyses by one process, which
does not end for one of them."""

USAGE, UNEXPECTED = 2, 70
"""Exit codes, those of the command ``earshot``: a setting is wrong; a mistake of ours."""


def import_tasks() -> None:
    """Registers all tasks with the application, and the hooks of the settings.

    Raises:
        Misconfigured: a hook cannot be imported.
    """
    for module in TASKS:
        import_module(module)
    hooks = import_module("workers.hooks")
    for path in settings().job_hooks:
        try:
            hooks.register(resolve_name(path))
        except (ImportError, AttributeError, ValueError) as error:
            raise Misconfigured("job_hooks", f"{path} cannot be imported: {error}") from error


def set_up(options: dict[str, Any], instance: Any, **_: Any) -> None:
    """Handler of ``celeryd_init``, which is sent before anything of a worker exists.

    Args:
        options: of Celery's command line.
        instance: the worker; one of another application is left as it is.

    Raises:
        SystemExit: a check failed; its message is on stderr.
    """
    if instance.app.main != APP:
        return
    environment.complete()
    try:
        import_tasks()
        refused = 0 if options.get("unchecked") else _exit_code_of_checks(_queues(options))
    except Misconfigured as error:
        sys.stderr.write(f"earshot: {error}\n")
        refused = USAGE
    except Exception:  # noqa: BLE001  # Celery would log it and go on without tasks
        traceback.print_exc()
        refused = UNEXPECTED
    if refused:
        raise SystemExit(refused)


def _queues(options: dict[str, Any]) -> set[str]:
    """Those of the command line; without, all."""
    chosen = _listed(options.get("queues")) or queues()
    return set(chosen) - set(_listed(options.get("exclude_queues")))


def _listed(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Celery's command line gives a list, ``app.Worker`` may be given a string."""
    return tuple(names.split(",") if isinstance(names, str) else names or ())


def _exit_code_of_checks(chosen: set[str]) -> int:
    """In a fork: a check may touch CUDA, which breaks it for children forked later, and its memory
    goes with it."""
    check = multiprocessing.get_context("fork").Process(target=_check, args=(chosen,))
    check.start()
    check.join()
    return UNEXPECTED if check.exitcode is None or check.exitcode < 0 else check.exitcode


def _check(chosen: set[str]) -> None:
    from tasks.process.checks import check

    try:
        check(chosen)
    except EarshotError as error:
        sys.stderr.write(f"earshot: {error}\n")
        raise SystemExit(USAGE) from None
