"""Read-only verbs: a report, the list of recordings, the events."""

import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from rich.table import Table

from cli.terminal.console import say, show, show_json
from cli.terminal.places import kept
from cli.terminal.show import rendered
from cli.terminal.strip import clock
from earshot.analysis.errors import Permanent
from earshot.analysis.printable import printable
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.storage import outbox
from earshot.storage.postgres import corrections, lookup, recordings
from earshot.storage.postgres.db import Connection, connect
from earshot.storage.redis import stream
from earshot.storage.redis.client import client
from producer.patience import outlast

BLOCK_MS = 1000


def show_report(prefix: str, as_json: bool, *, uncorrected: bool = False) -> int:
    """Prints a report. Returns 1 if there is none (yet), with the reason.

    Args:
        uncorrected: as the analyses answered, without the corrections by people.

    Raises:
        Permanent: no recording, or several, begin with ``prefix``.
    """
    with connect() as connection:
        recording_id = lookup.find(connection, prefix)
        body = stored(connection, recording_id, uncorrected=uncorrected)
    if body is None:
        return 1
    if as_json:
        show_json(body, indent=2)
    else:
        show(rendered(Report.model_validate(body)))
    return 0


def stored(
    connection: Connection, recording_id: UUID, *, uncorrected: bool
) -> dict[str, Any] | None:
    """The report; prints why there is none (yet), or that another round will replace it."""
    read = corrections.answer if uncorrected else corrections.report
    body = read(connection, recording_id)
    state = recordings.progress(connection, [recording_id])[recording_id]
    kept(connection, recording_id)
    if body is None:
        reason = (
            f"{state.error_code}: {state.error_detail}"
            if state.error_code
            else f"it is {state.state}"
        )
        say(f"no report of {recording_id} ({state.file_name}): {reason}")
    elif state.state == RecordingState.ANALYZING:
        done = f"{state.chunks_merged} of {state.chunks_total} chunks are done"
        say(f"a new round is under way, {done}; this is the report before it")
    return body


def show_list(limit: int) -> None:
    """Prints the latest recordings, newest first."""
    with connect() as connection:
        rows = lookup.recent(connection, limit)
    if not rows:
        say("no recordings yet; `earshot ingest FILE` makes the first")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("id", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("ingested (UTC)", no_wrap=True)
    table.add_column("file", overflow="fold")
    for row in rows:
        table.add_row(*_cells(row))
    show(table)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    created: datetime = row["created_at"]
    length = clock(row["duration_ms"]) if row["duration_ms"] is not None else "-"
    name = (
        f"{row['file_name']}  ({row['error_code']}: {row['error_detail']})"
        if row["error_code"]
        else row["file_name"]
    )
    return (
        str(row["id"])[:8],
        row["state"],
        length,
        created.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        printable(name),
    )


def _position(start: str) -> str:
    """The position in the stream named by ``--from``."""
    if all(part.isdigit() for part in start.split("-", 1)):
        return start
    with connect() as connection:
        position = outbox.stream_id(connection, start.lower())
    if position is None:
        raise Permanent(
            "unknown_event",
            f"--from takes the id or the stream_id of an event; {start!r} is neither",
        )
    return position


def print_events(start: str | None, follow: bool) -> None:
    """Prints events as JSON lines, each with its ``stream_id``, from the event with the ``id`` or
    ``stream_id`` ``start`` on. By default: all that are kept, or, when following, new ones only.

    Raises:
        Permanent: ``start`` is neither.
    """
    redis = client()
    after = _position(start) if start else (stream.last_id(redis) if follow else "0")
    while True:
        read = partial(stream.read, redis, after, block_ms=BLOCK_MS if follow else None)
        found = outlast(read, say) if follow else read()
        for after, event in found:
            show_json({"stream_id": after, **event})
        sys.stdout.flush()
        if not found and not follow:
            return
