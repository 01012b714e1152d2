"""Measurements against their bars, as the Markdown in docs/performance.md."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

CPU_BAR, WALL_BAR, FIRST_EVENT_BAR_SEC, CPU_POOL_BAR_MB = 1.35, 1.5, 10.0, 350.0
CPU_POOLS = ("core", "cpu")
"""The processes of the local stack that serve CPU pools; ``gpu`` serves the others, on the CPU
without a GPU."""


class Figures(NamedTuple):
    """Measurements of the whole system; ``floor`` and ``system`` as printed by their programs, the
    rest in seconds."""

    floor: dict[str, Any]
    system: dict[str, Any]
    first_event: float
    whole_run: float


class Row(NamedTuple):
    """One line of the table; without a bar for information only."""

    name: str
    value: str
    bar: str = ""
    kept: bool = True


def markdown(command: str, rows: Sequence[Row]) -> str:
    """The machine, the date, the command and the table."""
    lines = [
        (f"{_cpu_model()}, {_cores()} cores; {datetime.now(UTC):%Y-%m-%d}; `{command}`."),
        "",
        "| | measured | bar | |",
        "|---|--:|--:|---|",
    ]
    for row in rows:
        verdict = ("ok" if row.kept else "MISSED") if row.bar else ""
        lines.append(f"| {row.name} | {row.value} | {row.bar} | {verdict} |")
    return "\n".join(lines)


def below(name: str, value: float, bar: float, unit: str = "", digits: int = 2) -> Row:
    """A figure with an upper bar."""
    return Row(name, f"{value:.{digits}f}{unit}", f"{bar:g}{unit}", value <= bar)


def above(name: str, value: float, bar: float, digits: int = 2) -> Row:
    """A figure with a lower bar."""
    return Row(name, f"{value:.{digits}f}", f">= {bar:g}", value >= bar)


def system_rows(figures: Figures) -> list[Row]:
    """The whole system beside one process."""
    floor, system, cores = figures.floor, figures.system, _cores()
    states = system["states"]
    ended = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return [
        Row("recordings", ended, f"{len(states)} complete", set(states) == {"complete"}),
        Row("one process: wall", f"{floor['wall']:.1f} s"),
        Row("one process: CPU", f"{floor['cpu']:.1f} s"),
        Row("one process: peak memory", f"{floor['peak_mb']:.0f} MB"),
        Row("whole system: wall", f"{system['wall']:.1f} s"),
        Row("whole system: CPU", f"{system['cpu']:.1f} s"),
        below("CPU of all processes / one process", system["cpu"] / floor["cpu"], CPU_BAR),
        below("wall x cores / one process", system["wall"] * cores / floor["wall"], WALL_BAR),
        below("`earshot run` to the first event", figures.first_event, FIRST_EVENT_BAR_SEC, " s"),
        Row("`earshot run` until all is stopped", f"{figures.whole_run:.1f} s"),
        *(_memory(name, peak) for name, peak in system["peak_mb"].items()),
    ]


def _memory(name: str, peak_mb: float) -> Row:
    """The bar applies to CPU pools; servers and GPU pools are shown beside them."""
    label = f"peak memory of a process of `{name}`"
    return (
        below(label, peak_mb, CPU_POOL_BAR_MB, " MB", 0)
        if name in CPU_POOLS
        else Row(label, f"{peak_mb:.0f} MB")
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _cpu_model() -> str:
    """Name from the kernel; on ARM the kernel has none."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        os.uname().machine,
    )
