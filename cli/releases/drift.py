"""``earshot drift``."""

from typing import Any, get_args

from rich.table import Table

from cli.terminal.console import say, show, show_json
from earshot.analysis.drift.psi import LEAST_NOW, Drift
from earshot.pipeline.releasing.drifting import LEAST_REFERENCE, Measured, measured
from earshot.settings import settings
from earshot.storage.labels.queue import Analysis, queue
from earshot.storage.postgres.db import Connection, once

SAMPLE = 10
"""Answers of a drifting source that are named, to be labelled."""


def show_drift(source: str | None, analysis: str | None, *, as_json: bool) -> None:
    """Prints a line for each figure, and for drifting sources what to label."""
    with once() as connection:
        for found in measured(connection, source, analysis):
            if as_json:
                show_json(_described(connection, found))
            elif found.drifts:
                _show(connection, found)
            else:
                has = f"{found.reference} recordings of {LEAST_REFERENCE} for a baseline"
                if found.reference >= LEAST_REFERENCE:
                    has = f"a baseline of {found.reference} recordings, and none since"
                say(f"{' '.join(found.of)}: {has}")


def _show(connection: Connection, found: Measured) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("analysis", "release", "source", "figure", "n", "of", "psi", "null", "", "moved"):
        table.add_column(name, no_wrap=True)
    for each in found.drifts:
        sizes = (each.figure, str(each.n), str(each.n_reference))
        moved = ", ".join(f"{one.name} {one.reference:.1%} to {one.now:.1%}" for one in each.moved)
        table.add_row(
            *found.of, *sizes, f"{each.psi:.3f}", f"{each.null:.3f}", _verdict(each), moved
        )
    show(table)
    for line in _sample(connection, found):
        at = f"{line['start_ms'] / 1000:.2f}-{line['end_ms'] / 1000:.2f}"
        show(f"label: {str(line['id'])[:8]} at {at}: {line['label']}, {'; '.join(line['why'])}")


def _verdict(found: Drift) -> str:
    if found.alarm:
        return "drift"
    return "-" if found.n >= LEAST_NOW else "too few"


def _sample(connection: Connection, found: Measured) -> list[dict[str, Any]]:
    """What to label where something drifts."""
    [name] = [each for each in get_args(Analysis) if each == found.of.analysis]
    if not any(each.alarm for each in found.drifts):
        return []
    best = queue(connection, name, SAMPLE, 0, settings().train_on, found.of.tenant)
    return [{**each.model_dump(mode="json"), "why": list(each.why)} for each in best]


def _described(connection: Connection, found: Measured) -> dict[str, Any]:
    return {
        "analysis": found.of.analysis,
        "release": found.of.release,
        "source": found.of.tenant,
        "reference": found.reference,
        "figures": [{**each.model_dump(mode="json"), "alarm": each.alarm} for each in found.drifts],
        "label": _sample(connection, found),
    }
