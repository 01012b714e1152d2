"""Table rows of CPU stages and memory of CPU pools, with their bars."""

from trials.bench.compared import Stages
from trials.bench.table import Row, below

ALL_BAR_SEC, ONE_BAR_SEC = 40.0, 14.0
"""CPU seconds of an hour of audio through all CPU stages, with 25 noise windows a chunk and with
one."""
RATIO_BAR = 3.0
RSS_BAR_MB, FURTHER_BAR_MB = 250.0, 60.0

Cpu = dict[str, float]


def rows(found: Stages, minutes: float) -> list[Row]:
    """Rows by stage, for an hour; then all together; then the ratio of the reference
    implementation to ours."""
    hour = 60 / minutes
    staged = [name for name, pool in found.pools.items() if pool == "cpu"]
    beside = [name for name, pool in found.pools.items() if pool != "cpu"]
    named = [
        *((name, f"CPU of an hour: {name}") for name in (*staged, "quality")),
        ("alarms", "CPU of an hour: the part of noise that detects alarms"),
        *((name, f"CPU of an hour: {name}, embedded (a GPU pool's)") for name in beside),
        ("ingest", "CPU of an hour: decode, resample, quality, VAD, store"),
        ("load", "CPU once a process: loading these models"),
    ]
    lines = [Row(text, _sides(found, name, 1 if name == "load" else hour)) for name, text in named]
    lines += _totals(found, staged, hour)
    lines += [] if found.usual is None else _usual(found.ours, found.usual)
    return lines


def memory_rows(found: dict[str, float]) -> list[Row]:
    """Rows of one child of a worker that serves all CPU analyses, beside another one."""
    return [
        below("CPU pool process: resident", found["rss"], RSS_BAR_MB, " MB", 0),
        Row("CPU pool process: proportional share (PSS)", f"{found['pss']:.0f} MB"),
        below("a further CPU pool process: private (USS)", found["uss"], FURTHER_BAR_MB, " MB", 0),
        below("CPU pool process: libraries of torch mapped", found["torch"], 0, digits=0),
        Row("CPU pool process: threads", f"{found['threads']:.0f}"),
    ]


def _totals(found: Stages, staged: list[str], hour: float) -> list[Row]:
    whole = "CPU of an hour: all CPU stages (analyses and quality), {} a chunk"
    lines = [
        below(
            whole.format("25 noise windows"), _sum(found.many, staged) * hour, ALL_BAR_SEC, " s", 1
        )
    ]
    if found.one is not None:
        lines.append(
            below(
                whole.format("one noise window"),
                _sum(found.one, staged) * hour,
                ONE_BAR_SEC,
                " s",
                1,
            )
        )
    with_ingest = (sum(cpu[name] for name in (*staged, "ingest")) * hour for cpu in _both(found))
    return [
        *lines,
        Row(
            "the same with decoding, VAD and storing",
            " / ".join(f"{each:.1f} s" for each in with_ingest),
        ),
    ]


def _usual(ours: Cpu, usual: Cpu) -> list[Row]:
    """The reference implementation detects no alarms: the total with the bar includes them on
    our side, and another row excludes them."""
    lines = [
        Row(f"reference implementation / ours: {name}", f"{usual[name] / ours[name]:.1f}")
        for name in usual
    ]
    labels = usual["noise"] / (ours["noise"] - ours["alarms"])
    analyses = (usual.keys() & ours.keys()) - {"quality"}
    alone = sum(usual[name] for name in analyses) / (
        sum(ours[name] for name in analyses) - ours["alarms"]
    )
    ratio = sum(usual.values()) / sum(ours[name] for name in usual)
    return [
        *lines,
        Row(
            "reference implementation / ours: noise without alarms, which ours alone detects",
            f"{labels:.1f}",
        ),
        Row(
            "reference implementation / ours: the analyses without quality and alarms",
            f"{alone:.1f}",
        ),
        Row(
            "reference implementation / ours: all CPU stages, alarms on our side alone",
            f"{ratio:.1f}",
            f"{RATIO_BAR:g}",
            ratio >= RATIO_BAR,
        ),
    ]


def _sum(cpu: Cpu, staged: list[str]) -> float:
    return sum(cpu[name] for name in (*staged, "quality"))


def _sides(found: Stages, name: str, scale: float) -> str:
    """With 25 noise windows and, if configurable, with one."""
    return " / ".join(f"{cpu[name] * scale:.1f} s" for cpu in _both(found))


def _both(found: Stages) -> list[Cpu]:
    return [found.many] if found.one is None else [found.many, found.one]
