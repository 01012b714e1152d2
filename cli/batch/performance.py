"""The performance report of a batch: its figures, and the rule that names the bottleneck
(docs/batch.md)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from cli.localstack.limits import Effective
from earshot.analysis.types import Frozen
from earshot.storage.postgres.lookup import FailedParts

VERSION = "1.0"

HELD = 0.10
"""Share of the wall time that a memory bottleneck held files back."""
GPU_PERCENT, IO_PERCENT, CPU_PERCENT = 85.0, 20.0, 80.0
"""Mean use of the machine at which it is the bottleneck."""
WAITING = 1.0
"""Tasks of one stage that wait on average."""


class Usage(Frozen):
    """Use of a resource over the samples, in percent of all of it."""

    mean: float | None
    max: float | None
    reason: str | None = Field(default=None, description="Why it was not measured.")


class Tree(Frozen):
    """A part of the local stack: a process and its children."""

    name: str
    cpu_sec: float
    mean_mb: float
    peak_mb: float


class Stage(Frozen):
    """Time of a stage, added up over its tasks."""

    stage: str = Field(
        description="ingest (reading, decoding, finding speech), an analysis, merge, or finalize."
    )
    tasks: int
    chunks: int | None = Field(description="Of analyses.")
    sound_sec: float | None = Field(description="Length of these chunks.")
    wait_sec: float | None = Field(description="Time in the queue.")
    wait_by: Literal["messages", "queue_length"] = Field(
        description="Whether the tasks state when they were sent, or the length of the queue was"
        " sampled: its integral is the same sum (Little's law)."
    )
    work_sec: float = Field(description="Wall time of the tasks: of an analysis, its inference.")
    cpu_sec: float


class Collections(Frozen):
    """Garbage collection in the workers during their tasks."""

    sec: float
    runs: int
    collected: int = Field(description="Objects that were freed.")
    uncollectable: int
    of_work: float = Field(description="Share of the wall time of the tasks.")


class Bottleneck(Frozen):
    """What would have to grow first."""

    name: Literal["none", "memory", "gpu", "io", "cpu", "workers", "supply"]
    stage: str | None = None
    rule: str
    numbers: dict[str, float]


class Throughput(Frozen):
    """Calls that were analysed in this run; stored ones do not count."""

    calls: int
    sound_hours: float
    files_per_hour: float
    sound_hours_per_hour: float


class Files(Frozen):
    """Files of the folder by what became of them."""

    found: int
    analysed: int
    reused: int = Field(description="Results that were stored before.")
    same_content: int = Field(description="Files with the content of another one.")
    failed: int


class PerformanceReport(Frozen):
    """``performance_report_*.json``."""

    schema_version: str = VERSION
    started_at: datetime
    finished_at: datetime
    wall_sec: float
    stack: Literal["started", "found", "remote"] = Field(
        description="The local stack was started for this run, or ran; or others serve."
    )
    files: Files
    throughput: Throughput
    failed_chunks: tuple[FailedParts, ...]
    limits: tuple[Effective, ...]
    sample_sec: float
    samples: int
    cpu: Usage
    memory: Usage
    io_wait: Usage
    gpu: Usage
    gpu_memory: Usage
    memory_of: Literal["pss", "rss"] = Field(
        description="Memory of processes: shared pages by their share, or in full."
    )
    peak_memory_mb: float | None = Field(description="Of all processes of the stack together.")
    processes: tuple[Tree, ...]
    stages: tuple[Stage, ...]
    garbage_collection: Collections | None = Field(
        description="Null where no task ran, or the workers are of an earlier version."
    )
    held_sec: float = Field(description="Time in which memory or chunks in work held files back.")
    bottleneck: Bottleneck


def bottleneck(
    wall_sec: float,
    held_by_memory_sec: float,
    gpu: Usage,
    io_wait: Usage,
    cpu: Usage,
    stages: tuple[Stage, ...],
) -> Bottleneck:
    """The first rule that applies."""
    if not stages or wall_sec <= 0:
        return Bottleneck(name="none", rule="nothing was analysed", numbers={})
    busiest = max(stages, key=lambda each: each.cpu_sec)
    longest = max(stages, key=lambda each: each.wait_sec or 0.0)
    waiting = (longest.wait_sec or 0.0) / wall_sec
    numbers = {
        "held_by_memory": round(held_by_memory_sec / wall_sec, 3),
        "gpu_percent": gpu.mean or 0.0,
        "io_wait_percent": io_wait.mean or 0.0,
        "cpu_percent": cpu.mean or 0.0,
        "longest_queue": round(waiting, 2),
    }
    if numbers["held_by_memory"] >= HELD:
        rule = f"memory held files back for {HELD:.0%} of the time or more"
        return Bottleneck(name="memory", rule=rule, numbers=numbers)
    for name, percent, limit, stage in (
        ("gpu", gpu.mean, GPU_PERCENT, busiest.stage),
        ("io", io_wait.mean, IO_PERCENT, None),
        ("cpu", cpu.mean, CPU_PERCENT, busiest.stage),
    ):
        if percent is not None and percent >= limit:
            rule = f"{name} was in use by {limit:.0f} % on average or more"
            return Bottleneck.model_validate(
                {"name": name, "stage": stage, "rule": rule, "numbers": numbers}
            )
    if waiting >= WAITING:
        rule = f"{WAITING:.0f} task or more of the stage waited on average, with CPU to spare"
        return Bottleneck(name="workers", stage=longest.stage, rule=rule, numbers=numbers)
    return Bottleneck(
        name="supply", rule="neither was in full use: too few files in work", numbers=numbers
    )
