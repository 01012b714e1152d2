"""Measures every task of this worker, with the garbage collection during it, for
``earshot.storage.redis.timings``."""

import gc
import logging
import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init

from earshot.analysis.errors import Unavailable
from earshot.storage.redis import client as redis
from earshot.storage.redis import timings

log = logging.getLogger(__name__)

UPKEEP = "upkeep"


class _Child:
    """State of a child: its one task, and what the collector has done so far."""

    began: tuple[float, float, float] | None = None
    """Wall clock, monotonic and CPU seconds."""
    collecting = 0.0
    collected = dict.fromkeys(("gc_us", "gc_runs", "gc_collected", "gc_uncollectable"), 0)


@worker_process_init.connect
def _watch_collector(**_: Any) -> None:
    gc.callbacks.append(_collector)


def _collector(phase: str, info: dict[str, int]) -> None:
    if phase == "start":
        _Child.collecting = time.perf_counter()
        return
    counted = _Child.collected
    counted["gc_us"] += round((time.perf_counter() - _Child.collecting) * 1e6)
    counted["gc_runs"] += 1
    counted["gc_collected"] += info["collected"]
    counted["gc_uncollectable"] += info["uncollectable"]


@task_prerun.connect
def _begin(**_: Any) -> None:
    _Child.began = time.time(), time.perf_counter(), time.process_time()


@task_postrun.connect
def _end(task: Any, args: Any, **_: Any) -> None:
    stage = stage_of(task.name)
    if _Child.began is None or stage == UPKEEP:
        return
    at, began, cpu = _Child.began
    _Child.began = None
    figures = {
        "tasks": 1,
        "work_ms": round((time.perf_counter() - began) * 1000),
        "cpu_ms": round((time.process_time() - cpu) * 1000),
        **of_job(args, at),
        **_Child.collected,
    }
    _Child.collected = dict.fromkeys(_Child.collected, 0)
    try:
        timings.add(redis.impatient(), stage, figures)
    except Unavailable as error:  # these figures are lost, the task is not
        log.warning("no timing of %s: %s", task.name, error)


def stage_of(task: str) -> str:
    """``asr`` of ``analyze.asr``, ``merge`` of ``merge.whole``."""
    stage, _, name = task.partition(".")
    return name if stage == "analyze" else stage


def of_job(args: Any, at: float) -> dict[str, int]:
    """Figures of a job's message, which is not checked yet, at its start; none of another task's.

    Args:
        at: seconds since the epoch.
    """
    job = args[0] if args else None
    if not isinstance(job, dict) or "sent_at" not in job:
        return {}
    try:
        return {
            "chunks": len(job["chunks"]),
            "sound_ms": sum(each["end_ms"] - each["start_ms"] for each in job["chunks"]),
            "wait_ms": max(0, round((at - job["sent_at"]) * 1000)),
        }
    except (KeyError, TypeError):  # the task refuses it with the reason
        return {}
