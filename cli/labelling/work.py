"""``earshot label set``, ``export`` and ``queue``."""

import getpass
from pathlib import Path

from rich.table import Table

from cli.terminal.console import say, show, show_json
from earshot.pipeline.labelling.export import export
from earshot.pipeline.labelling.given import Place, give
from earshot.settings import settings
from earshot.storage.labels.queue import Analysis, Candidate, queue
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import once


def give_label(
    prefix: str, analysis: str, at: float, until: float | None, channel: int | None, label: str
) -> None:
    """Corrects or confirms a label, and prints where and what it was.

    Raises:
        Permanent, Misconfigured: as ``earshot.pipeline.labelling.given.give``.
    """
    end = None if until is None else round(until * 1000)
    with once() as connection:
        recording_id = lookup.find(connection, prefix)
        place = Place(round(at * 1000), end, channel)
        given = give(connection, recording_id, analysis, place, label, getpass.getuser())
    where = f"{given.start_ms / 1000:.2f}-{given.end_ms / 1000:.2f} s"
    if given.channel is not None:
        where += f", channel {given.channel}"
    how = f"instead of {given.before or 'several labels'}"
    if given.before == label:
        how = "confirmed" if given.changed else "as it was said before"
    show(f"{where}: {analysis} is {label}, {how}")


def export_labels(model: str, to: Path, *, as_json: bool) -> None:
    """Writes the data, and prints what it holds and what was left out.

    Raises:
        Permanent, Misconfigured: as ``earshot.pipeline.labelling.export.export``.
    """
    with once() as connection:
        made = export(connection, model, to, getpass.getuser(), settings())
    if as_json:
        show_json(made.model_dump(mode="json"))
        return
    show(
        f"{model} revision {made.revision}: {made.examples} examples of {made.recordings}"
        f" recordings in {made.folder}"
    )
    show(", ".join(f"{label} {count}" for label, count in made.labels.items()))
    if made.left_out:
        left = ", ".join(f"{reason} {count}" for reason, count in made.left_out.items())
        show(f"left out: {left}")


def show_queue(
    analysis: Analysis, count: int, source: str | None, seed: int, *, as_json: bool
) -> None:
    """Prints a line for each answer that a label would teach most, with its reasons."""
    with once() as connection:
        found = queue(connection, analysis, count, seed, settings().train_on, source)
    if as_json:
        for each in found:
            show_json({**each.model_dump(mode="json"), "why": list(each.why)})
    elif found:
        show(_queued(found))
    else:
        say(f"no recording with sound has an answer of {analysis}")


def _queued(found: list[Candidate]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("id", "at", "channel", "label", "score", "why", "file"):
        table.add_column(name, no_wrap=True)
    for each in found:
        channel = "-" if each.channel is None else str(each.channel)
        at = f"{each.start_ms / 1000:.2f}-{each.end_ms / 1000:.2f}"
        place = (str(each.id)[:8], at, channel, each.label, f"{each.score:.2f}")
        table.add_row(*place, "; ".join(each.why), each.file_name)
    return table
