"""Makes the performance report out of what a run has measured."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from cli.batch.monitor import HAS_PSS, NO_IO_WAIT, Monitor
from cli.batch.performance import (
    Collections,
    Files,
    PerformanceReport,
    Stage,
    Throughput,
    bottleneck,
)
from cli.batch.servers import Served
from cli.localstack.limits import Effective
from earshot.storage.postgres.lookup import FailedParts

HOUR = 3600


class Measured(NamedTuple):
    """Figures of a run."""

    started: datetime
    finished: datetime
    wall_sec: float
    served: Served
    files: Files
    sound_sec: float
    """Of the calls that were analysed."""
    failed_chunks: tuple[FailedParts, ...]
    limits: tuple[Effective, ...]
    timings: Mapping[str, Mapping[str, int]]
    """Of this run (``earshot.storage.redis.timings``)."""
    held_sec: Mapping[str, float]


def report(found: Measured, monitor: Monitor) -> PerformanceReport:
    """The report of a run."""
    wall = found.wall_sec
    stages = tuple(_stages(found.timings, monitor.waited))
    cpu = monitor.usage("cpu")
    io_wait = monitor.usage("io_wait", NO_IO_WAIT)
    gpu = monitor.usage("gpu", monitor.no_gpu)
    return PerformanceReport(
        started_at=found.started,
        finished_at=found.finished,
        wall_sec=round(wall, 2),
        stack=found.served,
        files=found.files,
        throughput=Throughput(
            calls=found.files.analysed,
            sound_hours=round(found.sound_sec / HOUR, 4),
            files_per_hour=round(found.files.analysed / wall * HOUR, 1),
            sound_hours_per_hour=round(found.sound_sec / wall, 2),
        ),
        failed_chunks=found.failed_chunks,
        limits=found.limits,
        sample_sec=monitor.every_sec,
        samples=monitor.samples,
        cpu=cpu,
        memory=monitor.usage("memory"),
        io_wait=io_wait,
        gpu=gpu,
        gpu_memory=monitor.usage("gpu_memory", monitor.no_gpu),
        memory_of="pss" if HAS_PSS else "rss",
        peak_memory_mb=None if monitor.peak_mb is None else round(monitor.peak_mb, 1),
        processes=monitor.trees(),
        stages=stages,
        garbage_collection=_collections(found.timings),
        held_sec=round(sum(found.held_sec.values()), 2),
        bottleneck=bottleneck(wall, found.held_sec.get("memory", 0.0), gpu, io_wait, cpu, stages),
    )


def _stages(
    timings: Mapping[str, Mapping[str, int]], waited: Mapping[str, float]
) -> Iterable[Stage]:
    for name, figures in timings.items():
        if not figures["tasks"]:
            continue
        chunks = figures["chunks"]
        wait = figures["wait_ms"] / 1000 if chunks else waited.get(name)
        yield Stage(
            stage=name,
            tasks=figures["tasks"],
            chunks=chunks or None,
            sound_sec=figures["sound_ms"] / 1000 if chunks else None,
            wait_sec=None if wait is None else round(wait, 3),
            wait_by="messages" if chunks else "queue_length",
            work_sec=figures["work_ms"] / 1000,
            cpu_sec=figures["cpu_ms"] / 1000,
        )


def _collections(timings: Mapping[str, Mapping[str, int]]) -> Collections | None:
    totals = {
        name: sum(figures[name] for figures in timings.values())
        for name in ("gc_us", "gc_runs", "gc_collected", "gc_uncollectable", "work_ms")
    }
    if not totals["work_ms"]:
        return None
    sec = totals["gc_us"] / 1e6
    return Collections(
        sec=round(sec, 3),
        runs=totals["gc_runs"],
        collected=totals["gc_collected"],
        uncollectable=totals["gc_uncollectable"],
        of_work=round(sec / (totals["work_ms"] / 1000), 4),
    )
