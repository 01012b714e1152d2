"""Cores, memory and GPUs of this machine, as far as this process may use them: the smallest of the
hardware, the affinity and the control groups around it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
GB = 1e9


class Bound(NamedTuple):
    """A quantity and what bounds it."""

    value: float
    by: str


class Capacity(NamedTuple):
    """What can be used."""

    cores: Bound
    memory_gb: Bound
    gpus: Bound


def capacity(groups: Path = GROUPS, own: Path = OWN) -> Capacity:
    """The capacity of this process.

    Args:
        groups: where control groups are mounted.
        own: names those of this process.
    """
    hardware = Bound(psutil.virtual_memory().total / GB, "memory of the machine")
    limits = [Bound(each / GB, "cgroup") for each in _memory_limits(groups, own)]
    quotas = [Bound(each, "cgroup") for each in _quotas(groups, own)]
    least = min([Bound(_available(), "cores"), *quotas], key=lambda each: each.value)
    return Capacity(
        cores=least._replace(value=max(1.0, float(int(least.value)))),
        memory_gb=min([hardware, *limits], key=lambda each: each.value),
        gpus=_gpus(),
    )


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """Cores that each group around this process may use."""
    for folder in _folders(groups, own, "cpu"):
        with suppress(OSError, ValueError):  # no such file, or "max": no limit
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8")
                for name in ("quota", "period")
            )
            if int(quota) > 0:
                yield int(quota) / int(period)


def _memory_limits(groups: Path, own: Path) -> Iterator[int]:
    """Bytes that each group around this process may use."""
    for folder in _folders(groups, own, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):
                yield int((folder / name).read_text(encoding="utf-8"))


def _folders(groups: Path, own: Path, controller: str) -> Iterator[Path]:
    """The groups of this process and those above them: of the one hierarchy of version 2, and of
    the controller's own of version 1."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        root = groups / names if names else groups
        below = Path(path.strip("/"))
        for folder in (below, *below.parents):
            yield root / folder


def _gpus() -> Bound:
    """CUDA devices by NVIDIA's management library, which is optional."""
    try:
        import pynvml
    except ImportError:
        return Bound(0, "nvidia-ml-py is not installed")
    try:
        pynvml.nvmlInit()
        return Bound(pynvml.nvmlDeviceGetCount(), "GPUs")
    except pynvml.NVMLError as error:
        return Bound(0, f"no GPU ({error})")
