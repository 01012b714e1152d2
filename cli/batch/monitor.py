"""Samples the machine and the processes of the local stack while a batch runs."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import psutil

from cli.batch.performance import Tree, Usage
from earshot.analysis.errors import Unavailable

MB = 1e6
NO_IO_WAIT = "this system does not count it"
NO_SAMPLE = "no sample was taken"
HAS_PSS = hasattr(psutil.Process, "memory_full_info") and psutil.LINUX

Lengths = Callable[[], Mapping[str, int]]
Roots = Callable[[], Mapping[str, int]]


class Monitor:
    """A thread that samples from entry to exit."""

    def __init__(self, roots: Roots, lengths: Lengths, every_sec: float = 2.0) -> None:
        """
        Args:
            roots: name of a part to the id of its first process.
            lengths: name of a queue to the number of tasks that wait in it.
        """
        self._roots, self._lengths = roots, lengths
        self.every_sec = every_sec
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._gpus = _Gpus()
        self._series: dict[str, list[float]] = {}
        self._trees: dict[str, _Tree] = {}
        self._times = psutil.cpu_times()
        self.samples = 0
        self.memory_mb = 0.0
        """Of all processes of the stack, at the latest sample."""
        self.peak_mb: float | None = None
        self.waited: dict[str, float] = {}
        """Seconds that tasks have waited, by queue."""

    def __enter__(self) -> Self:
        psutil.cpu_percent(None)  # from now on
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._gpus.close()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._stopped.wait(self.every_sec):
            now = time.monotonic()
            self._sample(now - before)
            before = now
        if not self.samples:  # the batch was shorter than that
            self._sample(time.monotonic() - before)

    def _sample(self, sec: float) -> None:
        self.samples += 1
        self._note("cpu", psutil.cpu_percent(None))
        self._note("memory", psutil.virtual_memory().percent)
        self._note_io_wait()
        for name, percent in self._gpus.percents().items():
            self._note(name, percent)
        for name, pid in self._roots().items():
            self._trees.setdefault(name, _Tree()).look(pid)
        if self._trees:
            self.memory_mb = sum(tree.now_mb for tree in self._trees.values())
            self.peak_mb = max(self.peak_mb or 0.0, self.memory_mb)
        try:
            lengths = self._lengths()
        except Unavailable:  # what waits is not known until Redis is back
            return
        for name, length in lengths.items():
            self.waited[name] = self.waited.get(name, 0.0) + length * sec

    def _note(self, name: str, value: float) -> None:
        self._series.setdefault(name, []).append(value)

    def _note_io_wait(self) -> None:
        now, before = psutil.cpu_times(), self._times
        self._times = now
        passed = sum(now) - sum(before)
        if hasattr(now, "iowait") and passed > 0:
            self._note("io_wait", 100 * (now.iowait - before.iowait) / passed)

    def usage(self, name: str, reason: str = NO_SAMPLE) -> Usage:
        """``cpu``, ``memory``, ``io_wait``, ``gpu`` or ``gpu_memory``.

        Args:
            reason: why there are no values, where there are none.
        """
        found = self._series.get(name)
        if not found:
            return Usage(mean=None, max=None, reason=reason)
        return Usage(mean=round(sum(found) / len(found), 1), max=round(max(found), 1))

    @property
    def no_gpu(self) -> str:
        """Why no GPU is measured."""
        return self._gpus.reason

    def trees(self) -> tuple[Tree, ...]:
        """The parts of the stack."""
        return tuple(tree.named(name) for name, tree in self._trees.items())


class _Tree:
    """CPU and memory of a process and its children. A child that has ended keeps its last CPU
    time."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, float], float] | None = None
        self._cpu: dict[tuple[int, float], float] = {}
        self._sum_mb, self._looks, self.now_mb, self._peak_mb = 0.0, 0, 0.0, 0.0

    def look(self, pid: int) -> None:
        self.now_mb = 0.0
        try:
            root = psutil.Process(pid)
            # The stack's processes are children of the command that started it.
            below = [] if pid == os.getpid() else root.children(recursive=True)
            found = [root, *below]
        except psutil.Error:
            return
        for process in found:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    key = (process.pid, process.create_time())
                    self.now_mb += _memory(process) / MB
            except psutil.Error:
                continue
            self._cpu[key] = times.user + times.system
        if self._first is None:
            self._first = dict(self._cpu)
        self._looks += 1
        self._sum_mb += self.now_mb
        self._peak_mb = max(self._peak_mb, self.now_mb)

    def named(self, name: str) -> Tree:
        before = sum((self._first or {}).values())
        return Tree(
            name=name,
            cpu_sec=round(sum(self._cpu.values()) - before, 2),
            mean_mb=round(self._sum_mb / max(1, self._looks), 1),
            peak_mb=round(self._peak_mb, 1),
        )


def _memory(process: psutil.Process) -> int:
    if not HAS_PSS:
        return int(process.memory_info().rss)
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:  # of another user, such as Postgres under root
        return int(process.memory_info().rss)


class _Gpus:
    """CUDA devices by NVIDIA's management library, which is optional."""

    def __init__(self) -> None:
        self._library: Any = None
        self._devices: list[Any] = []
        self.reason = ""
        try:
            import pynvml
        except ImportError:
            self.reason = "nvidia-ml-py is not installed"
            return
        try:
            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
            self._devices = [pynvml.nvmlDeviceGetHandleByIndex(at) for at in range(count)]
        except pynvml.NVMLError as error:
            self.reason = f"no GPU ({error})"
            return
        self._library = pynvml

    def percents(self) -> dict[str, float]:
        """Mean use of the devices and of their memory."""
        if not self._devices:
            return {}
        busy, full = [], []
        for device in self._devices:
            busy.append(float(self._library.nvmlDeviceGetUtilizationRates(device).gpu))
            memory = self._library.nvmlDeviceGetMemoryInfo(device)
            full.append(100 * memory.used / memory.total)
        return {"gpu": sum(busy) / len(busy), "gpu_memory": sum(full) / len(full)}

    def close(self) -> None:
        if self._library is not None:
            self._library.nvmlShutdown()
