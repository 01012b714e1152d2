"""What a row of the table is made of, and how one is played: load, faults, recovery, verdict."""

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
    """How much of it: ordinary recordings of about ``chunks`` chunks, number of faults, length of
    one."""

    recordings: int
    chunks: int
    faults: int = 1
    seconds: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """One row. ``short`` is None where the trouble takes longer than a test may, ``full`` where
    other rows do more of it."""

    title: str
    act: Callable[[Arena, Size], None]
    """Starts workers, hands the folder in, does its worst, and returns when the last fault is
    over."""
    full: Size | None
    short: Size | None
    work_ms: int = 100
    """How long the probe takes for an ordinary chunk."""
    recover_sec: float = 240.0
    settings: Mapping[str, object] = field(default_factory=dict)
    workers: Mapping[str, Worker] = field(default_factory=lambda: USUAL)
    hindrance: Callable[[], str | None] = lambda: None
    """Why it cannot be played on this machine."""
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered before anything is started."""


def play(scenario: Scenario, size: Size, logs: Path | None) -> verdict.Figures:
    """Plays one row in surroundings of its own; what these have written is copied to the folder
    ``logs``."""
    with scenario.around(), arena(scenario.settings, scenario.workers, scenario.work_ms) as made:
        if logs:
            made.running.callback(
                shutil.copytree, made.stack.home / "logs", logs, dirs_exist_ok=True
            )
        load.ordinary(made.folder, size.recordings, size.chunks)
        scenario.act(made, size)
        recovery = made.recover(scenario.recover_sec)
        return verdict.reach(made, scenario.title, recovery)
