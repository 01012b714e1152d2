"""``earshot models list``: one line a checkpoint, with its licence and state."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from cli.terminal.console import say, show, show_json
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.state import Standing, standing
from earshot.models.runtimes import ENDPOINT
from earshot.pipeline.releases import serving
from earshot.settings import settings

RIGHT = ("size",)
COLUMNS = (
    "name",
    "analysis",
    "runtime",
    "size",
    "state",
    "active",
    "gated",
    "commercial use",
    "licence",
)


class Row(NamedTuple):
    """An entry, the entries whose files it uses, and the state of its own; a base has a row too."""

    entry: Checkpoint
    parts: tuple[Checkpoint, ...]
    found: Standing

    @property
    def commercial(self) -> bool:
        """True if all licences involved allow commercial use."""
        return all(each.commercial for each in (self.entry, *self.parts))


def show_models(as_json: bool) -> None:
    """Prints the catalog; on a terminal with hints."""
    config = settings()
    entries = catalog.known(config.models_catalog)
    taken = [(entry, catalog.parts(entry, entries)) for entry in entries]
    rows = [
        Row(entry, parts, standing(parts[-1], config.models_folder, thorough=False))
        for entry, parts in taken
    ]
    now = serving(say)
    if as_json:
        for row in rows:
            show_json(_described(row, now))
        return
    show(_table(rows, now))
    _elsewhere(now)
    _notice(rows, config.commercial_use)


def readable(size: int | None) -> str:
    """Bytes in the largest unit with a value of at least one."""
    if size is None:
        return "?"
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= scale:
            return (
                f"{size / scale:.1f} {unit}" if size < 10 * scale else f"{size / scale:.0f} {unit}"
            )
    return f"{size} B"


def _table(rows: Sequence[Row], now: Mapping[str, Release]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        table.add_column(
            name, justify="right" if name in RIGHT else "left", no_wrap=name != "licence"
        )
    for row in rows:
        described = _described(row, now)
        cells = {
            **described,
            "size": readable(row.found.size),
            "commercial use": "yes" if row.commercial else "no",
        }
        table.add_row(*(Text(_word(cells[name])) for name in COLUMNS))
    return table


def _word(value: object) -> str:
    return str(value) if not isinstance(value, bool) else "yes" if value else "-"


def _described(row: Row, now: Mapping[str, Release]) -> dict[str, object]:
    entry, parts, found = row
    active = entry.analysis in now and now[entry.analysis].name == entry.name
    kept = entry.model_dump(
        include={"name", "analysis", "runtime", "uri", "base", "licence", "gated"}
    )
    pinned = not entry.fetched or all(each.pinned for each in parts)
    standing_now = {"state": found.state, "wrong": list(found.wrong), "size": found.size}
    return {
        **kept,
        "commercial": row.commercial,
        **standing_now,
        "active": active,
        "pinned": pinned,
    }


def _elsewhere(now: Mapping[str, Release]) -> None:
    """Prints active releases that are in no row of the table."""
    for name, release in now.items():
        if release.runtime == ENDPOINT:
            say(
                f"{name} is answered by {release.name} at {release.uri}"
                " (EARSHOT_ASR_BACKEND=endpoint), and by no model here"
            )


def _notice(rows: Sequence[Row], commercial_use: bool | None) -> None:
    altered = [row.entry.name for row in rows if row.found.state == "altered"]
    if altered:
        say(f"altered: {', '.join(altered)}; `earshot models verify` says how")
    if any(row.found.state == "missing" for row in rows):
        say("fetch what is missing: earshot models pull NAME...")
    forbidding = [
        row.entry.name for row in rows if not row.commercial and row.found.state != "missing"
    ]
    if forbidding and commercial_use is not False:
        verdict = (
            "refused: EARSHOT_COMMERCIAL_USE is true"
            if commercial_use
            else "for trying out and research only"
        )
        say(f"licensed for no commercial use, {verdict}: {', '.join(forbidding)}")
