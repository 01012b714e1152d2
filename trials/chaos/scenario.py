"""The definition of a row, and its execution: load, faults, recovery, verdict."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from trials.chaos import load, verdict
from trials.chaos.arena import USUAL, Arena, arena
from trials.chaos.fleet import Worker


@dataclass(frozen=True)
class Size:
    """Size of a run: ordinary recordings of about ``chunks`` chunks, number of faults, length of
    one."""

    recordings: int
    chunks: int
    faults: int = 1
    seconds: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One row. ``short`` is None if the fault takes longer than a test may, ``full`` if other rows
    cover it more."""

    title: str
    act: Callable[[Arena, Size], None]
    """Starts workers, submits the folder, injects the faults, and returns when the last fault is
    over."""
    full: Size | None
    short: Size | None
    work_ms: int = 100
    """Milliseconds of the probe for an ordinary chunk."""
    recover_sec: float = 240.0
    settings: Mapping[str, object] = field(default_factory=dict)
    workers: Mapping[str, Worker] = field(default_factory=lambda: USUAL)
    hindrance: Callable[[], str | None] = lambda: None
    """Returns the reason why it cannot run on this machine."""
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered before anything is started."""


def play(
    scenario: Scenario, size: Size, analyses: tuple[str, ...], logs: Path | None
) -> verdict.Figures:
    """Runs one row in its own environment, with those analyses unless it has its own; logs are
    copied to the folder ``logs``."""
    with scenario.around(), arena(scenario.settings, scenario.workers, scenario.work_ms) as made:
        if logs:
            made.running.callback(
                shutil.copytree, made.stack.home / "logs", logs, dirs_exist_ok=True
            )
        made.analyses = analyses
        load.ordinary(made.folder, size.recordings, size.chunks)
        scenario.act(made, size)
        recovery = made.recover(scenario.recover_sec)
        return verdict.reach(made, scenario.title, recovery)
