"""``earshot release list``, ``show`` and ``log``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from cli.terminal.console import show, show_json
from earshot.analysis.printable import on_one_line
from earshot.models.checkpoints.defaults import default_release
from earshot.pipeline.releases import active
from earshot.registry import analyses
from earshot.storage.postgres.db import once
from earshot.storage.releases import registered
from earshot.storage.releases.registered import Event, Registered

CATALOG = "catalog"
"""Stage of a default that answers."""


def list_all(analysis: str | None, *, as_json: bool) -> None:
    """Prints a line for each release, and for each default that answers."""
    with once() as connection:
        rows = registered.listed(connection, analysis)
        now = active(connection)
    found = [_described(row) for row in rows]
    replaced = {row.release.analysis for row in rows if row.stage == "active"}
    found += [
        {"analysis": name, "name": release.name, "stage": CATALOG, "sha256": release.sha256}
        for name, release in now.items()
        if name not in replaced and analysis in (None, name)
    ]
    found.sort(key=lambda each: (each["analysis"], each["stage"] != CATALOG))
    if as_json:
        for each in found:
            show_json(each)
        return
    columns = ("analysis", "name", "stage", "trained_at", "licence", "size_bytes", "latency_ms")
    show(_table(columns, found))


def show_one(name: str, analysis: str | None, *, as_json: bool) -> None:
    """Prints all of a release.

    Raises:
        Permanent: there is no such release, or several.
    """
    with once() as connection:
        row = registered.find(connection, name, analysis)
        told = registered.events(connection, row.release.analysis)
    about = [event for event in told if event.release == name]
    facts = {**_described(row), "events": [event_json(each) for each in about]}
    if as_json:
        show_json(facts)
        return
    for key, value in facts.items():
        if key != "events" and value not in (None, {}, ()):
            show(on_one_line(f"{key}: {value}"))
    for event in about:
        show(_line(event))


def show_log(analysis: str | None, at: datetime | None, *, as_json: bool) -> None:
    """Prints every event, or what answered at a time."""
    if at is not None:
        _show_live(analysis, at.replace(tzinfo=at.tzinfo or UTC), as_json=as_json)
        return
    with once() as connection:
        found = registered.events(connection, analysis)
    for event in found:
        if as_json:
            show_json(event_json(event))
        else:
            show(_line(event))


def event_json(event: Event) -> dict[str, Any]:
    """An event as it is printed."""
    body = event.model_dump(mode="json")
    return {"from": body.pop("from_stage"), "to": body.pop("to_stage"), **body}


def _show_live(analysis: str | None, at: datetime, *, as_json: bool) -> None:
    with once() as connection:
        told = registered.live(connection, at)
    answers = [_answered(name, told.get(name)) for name in analyses() if analysis in (None, name)]
    if as_json:
        for answer in answers:
            show_json(answer)
        return
    show(_table(("analysis", "release", "since", "by", "why", "forced"), answers))


def _answered(analysis: str, event: Event | None) -> dict[str, Any]:
    """What answered after the event. Without one, or after the end of another release, it is the
    default of the version that was installed."""
    if event is None or event.to_stage != "active":
        since = event and event.at.isoformat(timespec="seconds")
        return {
            "analysis": analysis,
            "release": default_release(analysis).name,
            "since": since,
            "by": event.by if event else CATALOG,
            "why": event.why if event else "default of this version",
            "forced": False,
        }
    return {
        "analysis": analysis,
        "release": event.release,
        "sha256": event.sha256,
        "since": event.at.isoformat(timespec="seconds"),
        "by": event.by,
        "why": event.why,
        "forced": event.forced,
    }


def _described(row: Registered) -> dict[str, Any]:
    body = row.model_dump(mode="json")
    return {**body.pop("release"), **body}


def _line(event: Event) -> str:
    change = f"{event.from_stage or '-'} -> {event.to_stage}"
    forced = "  forced" if event.forced else ""
    place = f"{event.at:%Y-%m-%d %H:%M:%S}  {event.analysis}  {event.release}"
    return on_one_line(f"{place}  {change}{forced}  {event.by}: {event.why}")


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name.replace("_", " "), no_wrap=True)
    for row in rows:
        table.add_row(*("-" if row.get(name) is None else str(row[name]) for name in columns))
    return table
