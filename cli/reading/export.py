"""``earshot export``: reports in formats of other programs, printed or written to a folder."""

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from cli.reading.look import stored
from cli.terminal.console import say
from earshot.analysis.errors import Misconfigured, Permanent
from earshot.analysis.printable import file_name
from earshot.exports.formats import exported
from earshot.exports.kinds import JOINED, SUFFIXES, Format
from earshot.storage.postgres import lookup, recordings
from earshot.storage.postgres.db import Connection, connect


def export(
    prefixes: Sequence[str], format_: Format, out: Path | None, *, uncorrected: bool, excel: bool
) -> int:
    """Prints the reports as one file, or writes a file each below ``out``. Returns 1 if one of them
    does not exist (yet), after printing why.

    Raises:
        Misconfigured: several recordings are to be printed in a format that holds one a file, or
            ``excel`` of another format than CSV.
        Permanent: no recording, or several, begin with one of the ids; or a file cannot be written.
    """
    if excel and format_ != "csv":
        raise Misconfigured("excel", "--excel is of --format csv alone")
    with connect() as connection:
        ids = list(dict.fromkeys(lookup.find(connection, prefix) for prefix in prefixes))
        if out is None and len(ids) > 1 and format_ not in JOINED:
            raise Misconfigured(
                "out", f"a file of {format_} holds one recording: name a folder with --out"
            )
        found = [
            (each, body)
            for each in ids
            if (body := stored(connection, each, uncorrected=uncorrected)) is not None
        ]
        if out is None:
            if found:
                content = exported([body for _, body in found], format_, excel=excel)
                sys.stdout.buffer.write(content)
        else:
            for each, body in found:
                content = exported([body], format_, excel=excel)
                say(str(_write(connection, each, body, out, format_, content)))
    return int(len(found) < len(ids))


def _write(
    connection: Connection,
    recording_id: UUID,
    body: dict[str, Any],
    out: Path,
    format_: Format,
    content: bytes,
) -> Path:
    """Writes a file, and stores its path, so that it is deleted with the recording."""
    stem = file_name(Path(body["recording"]["file_name"]).stem)
    file = out / f"{stem}-{str(recording_id)[:8]}.{SUFFIXES[format_]}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise Permanent("unwritable", f"{file} cannot be written: {error.strerror}") from error
    recordings.note_export(connection, recording_id, socket.gethostname(), str(file.resolve()))
    return file
