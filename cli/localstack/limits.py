"""Effective values of the keys of a call pipeline's ``config.yaml``: the least of the key, what the
machine has, and what the parts of this program can take, with what limits it (docs/batch.md)."""

from functools import cache
from typing import NamedTuple

from cli.localstack.capacity import Bound, Capacity, capacity
from earshot.analysis.types import Frozen
from earshot.settings import Settings, settings

CHILDREN = 4
"""Processes for expensive analyses without a key ``max_workers``, as far as there are cores."""
IO_CHILDREN = 2
"""Processes that decode and merge without a key ``io_workers``: with two, decoding a long file does
not keep finished chunks from being merged."""
FILES = 8
"""Files of a batch in work at a time without a key ``file_batch_size``."""
THRESHOLD_PERCENT = 80.0
CPU_POOLS = "CPU pools, whose cores a batch unbalances"
CHILD_GB, REST_GB = 0.4, 1.2
"""Memory of a process with the embedded checkpoints, and of everything else, both above what
``make bench`` measures (docs/performance.md)."""

Value = str | float | int | None


class Effective(Frozen):
    """What a key amounts to on this machine."""

    key: str
    asked: Value
    """None: the key is not set."""
    effective: Value
    limited_by: str
    """``key``, ``default``, or what else is the least."""


class Limits(NamedTuple):
    """The effective values that the processes are planned by."""

    children: Effective
    io_children: Effective
    gpu_children: Effective
    memory_gb: Effective
    threshold_percent: Effective
    chunks_in_work: Effective
    files_in_work: Effective
    chunk_batch: Effective

    @property
    def on_gpu(self) -> bool:
        """True where the settings ask for processes on a GPU, and there is one."""
        return self.gpu_children.asked is not None and number(self.gpu_children) > 0

    @property
    def memory_threshold_gb(self) -> float:
        return number(self.memory_gb) * number(self.threshold_percent) / 100


def number(found: Effective) -> float:
    """A numeric effective value."""
    assert isinstance(found.effective, int | float)
    return found.effective


def limits(config: Settings, room: Capacity) -> Limits:
    """The effective values of the settings on a machine with this capacity."""
    memory = _least("max_memory_gb", config.max_memory_gb, None, [room.memory_gb])
    percent = config.memory_threshold_percent
    threshold = Effective(
        key="memory_threshold_percent",
        asked=percent,
        effective=percent or THRESHOLD_PERCENT,
        limited_by="key" if percent else "default",
    )
    usable = number(memory) * number(threshold) / 100
    fits = Bound(max(1, int((usable - REST_GB) / CHILD_GB)), "max_memory_gb and its threshold")
    cores = Bound(int(room.cores.value), room.cores.by)
    gpus = Bound(0, "device: cpu") if config.device == "cpu" else room.gpus
    of_gpu = _least("gpu_workers", config.gpu_workers, 1, [Bound(int(gpus.value), gpus.by)])
    return Limits(
        children=_least("max_workers", config.max_workers, CHILDREN, [cores, fits]),
        io_children=_least(
            "io_workers",
            config.io_workers,
            IO_CHILDREN,
            [Bound(max(IO_CHILDREN, int(cores.value)), cores.by), fits],
        ),
        gpu_children=of_gpu,
        memory_gb=memory,
        threshold_percent=threshold,
        chunks_in_work=_least(
            "chunk_cache_size",
            config.chunk_cache_size,
            None,
            [Bound(config.max_unmerged_chunks, "EARSHOT_MAX_UNMERGED_CHUNKS")],
        ),
        files_in_work=_least("file_batch_size", config.file_batch_size, FILES, []),
        chunk_batch=_least(
            "chunk_batch_size",
            config.chunk_batch_size if "chunk_batch_size" in config.model_fields_set else None,
            config.chunk_batch_size,
            [] if config.gpu_workers and number(of_gpu) else [Bound(1, CPU_POOLS)],
        ),
    )


@cache
def of_this_machine() -> Limits:
    """Of the settings of this process."""
    return limits(settings(), capacity())


def _least(key: str, asked: float | None, default: float | None, bounds: list[Bound]) -> Effective:
    """A key that is at least as small as every bound is its own limit."""
    own = asked if asked is not None else default
    found = [Bound(own, "key" if asked is not None else "default")] if own is not None else []
    least = min([*found, *bounds], key=lambda each: each.value)
    value = int(least.value) if float(least.value).is_integer() else round(least.value, 2)
    return Effective(key=key, asked=asked, effective=value, limited_by=least.by)
