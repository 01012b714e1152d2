"""Trains, prints progress on stderr, and prints what came of it."""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import ValidationError

from cli.terminal.console import say, show
from cli.terminal.endings import SIGNALS
from cli.terminal.explain import INTERRUPTED
from earshot.analysis.errors import Misconfigured
from training.trainers.options import Options
from training.trainers.run import train as run
from training.trainers.watch import Report, Stopped, Watch


def train(
    model: str,
    data: Path,
    out: Path,
    given: Mapping[str, Any],
    *,
    table: Path | None = None,
    fresh: bool = False,
) -> int:
    """Trains a model. The first Ctrl-C or SIGTERM ends it with its state saved, the second at once.

    Raises:
        Misconfigured: the data or an option is wrong, or torch is not installed.
        Unavailable: ``disk_full``.
    """
    try:
        options = Options(workers=_cores(), **given)
    except ValidationError as error:
        first = error.errors()[0]
        raise Misconfigured(
            "options", f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from error
    watch = Watch(_print, _asked_to_stop())
    try:
        result = run(model, data, out, options, watch, table=table, fresh=fresh)
    except Stopped:
        say(f"stopped; the same command continues in {out}")
        return INTERRUPTED
    for name, value in result.metrics.items():
        show(f"{name} {value:.4g}")
    show(f"labels {', '.join(result.labels) or '-'}")
    show(f"licence {result.licence}")
    show(f"{out / result.checkpoint}")
    return 0


def _print(report: Report) -> None:
    say(str(report))


def _asked_to_stop() -> Callable[[], bool]:
    asked: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        for each, former in before.items():
            signal.signal(each, former)

    before = {
        number: found
        for number in SIGNALS
        if (found := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, handler)
    return lambda: bool(asked)


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
