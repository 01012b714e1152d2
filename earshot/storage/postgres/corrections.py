"""Stores corrections of a recording, and reads its report with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.corrections.layer import corrected
from earshot.analysis.corrections.records import Correction, stored
from earshot.analysis.report.labels import labels
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("corrections")


class Version(Frozen):
    """One change of a recording's corrections."""

    version: int
    action: str
    """``made``, ``undone``, ``redone`` or ``reverted``."""
    corrections: tuple[UUID, ...]
    at: datetime
    by: str
    """Name of the token."""


class Stored(NamedTuple):
    """A report as answered, with its corrections."""

    body: dict[str, Any]
    """JSON of the report without corrections, with its categories."""
    corrections: list[Correction]
    """In order of their versions."""
    version: int
    """Of the corrections; 0 if none was ever made."""
    round: int

    def report(self) -> dict[str, Any]:
        """JSON of the corrected report; the stored one if nothing is corrected."""
        if all(each.undone_at is not None for each in self.corrections):
            return self.body
        report = corrected(Report.model_validate(self.body), self.corrections, self.version)
        return report.model_dump(mode="json")


def read(connection: Connection, recording_id: UUID, *, undone: bool = False) -> Stored | None:
    """The report with its corrections, as of one moment; None if there is no report.

    Args:
        undone: with the corrections that were undone.
    """
    row = connection.execute(SQL["layered"], {"id": recording_id, "undone": undone}).fetchone()
    if row is None:
        return None
    made = [Correction.model_validate(each) for each in row["corrections"]]
    if row["categories"]:
        row["body"]["categories"] = row["categories"]
    return Stored(row["body"], made, row["version"], row["round"])


def report(connection: Connection, recording_id: UUID) -> dict[str, Any] | None:
    """The JSON of the corrected report; None if there is none yet."""
    found = read(connection, recording_id)
    return found.report() if found else None


def answer(connection: Connection, recording_id: UUID) -> dict[str, Any] | None:
    """The JSON of the report without corrections; None if there is none yet."""
    found = read(connection, recording_id)
    return found.body if found else None


def lock(connection: Connection, recording_id: UUID) -> tuple[str, int] | None:
    """State and round of the recording, locked until the caller's transaction ends."""
    row = connection.execute(SQL["lock"], {"id": recording_id}).fetchone()
    return (row["state"], row["round"]) if row else None


class Asked(NamedTuple):
    """A request that made a correction."""

    id: UUID
    """Of the request."""
    token: str
    """Id of the token."""
    digest: bytes
    """Of what was asked for, to know a repeated request."""


def asked(connection: Connection, recording_id: UUID, request: UUID) -> tuple[bytes, UUID] | None:
    """Digest of the request with this id, and the id of the correction that it made; None if there
    was no such request."""
    args = {"recording_id": recording_id, "request": request}
    row = connection.execute(SQL["asked"], args).fetchone()
    return (bytes(row["asked"]), row["correction"]) if row else None


def continued(
    connection: Connection, recording_id: UUID, made: UUID, token: str, since: datetime
) -> bool:
    """Whether this token made the correction after that moment, and it is not undone."""
    args = {"recording_id": recording_id, "id": made, "token": UUID(token), "since": since}
    return connection.execute(SQL["continued"], args).fetchone() is not None


def name_of(connection: Connection, token: str) -> str:
    """Name of a token."""
    row = connection.execute(SQL["name"], {"token": UUID(token)}).fetchone()
    return str(row["name"]) if row else token


def add(
    connection: Connection, recording_id: UUID, made: Correction, by: Asked, *, again: bool
) -> None:
    """Stores a correction and its version, in the caller's transaction.

    Args:
        again: instead of the stored correction with the same id.
    """
    row = {
        **made.model_dump(include={"id", "version", "kind", "round", "made_at", "made_by"}),
        **{
            name: Jsonb(stored(part))
            for name, part in (
                ("target", made.target),
                ("value", made.value),
                ("replaced", made.replaced),
            )
        },
        "recording_id": recording_id,
        "releases": Jsonb({name: list(each) for name, each in made.releases.items()}),
        "token": UUID(by.token),
    }
    connection.execute(SQL["replace" if again else "add"], row)
    _note(connection, recording_id, made.version, "made", [made.id], made.made_by, by)


def undo(
    connection: Connection,
    recording_id: UUID,
    version: int,
    action: str,
    ids: Sequence[UUID],
    by: str,
) -> None:
    """Undoes corrections (``undone``, ``reverted``) or applies them again (``redone``), as a new
    version, in the caller's transaction."""
    query = SQL["redo"] if action == "redone" else SQL["undo"]
    connection.execute(query, {"recording_id": recording_id, "ids": list(ids), "by": by})
    _note(connection, recording_id, version, action, ids, by)


def _note(
    connection: Connection,
    recording_id: UUID,
    version: int,
    action: str,
    ids: Sequence[UUID],
    by: str,
    asked: Asked | None = None,
) -> None:
    row = {
        **{"version": version, "action": action, "ids": list(ids), "by": by},
        "request": asked and asked.id,
        "asked": asked and asked.digest,
    }
    connection.execute(SQL["add_version"], {**row, "recording_id": recording_id})


def versions(connection: Connection, recording_id: UUID, after: int, limit: int) -> list[Version]:
    """Changes of the recording's corrections behind a version, oldest first."""
    args = {"id": recording_id, "after": after, "limit": limit}
    return [Version.model_validate(row) for row in connection.execute(SQL["versions"], args)]


def segment(recording_id: UUID, turn: Turn) -> dict[str, Any]:
    """A turn as a row of ``segment``, whose index is the number of the turn."""
    return {
        "recording_id": recording_id,
        "index": int(turn.id[1:]),
        **turn.model_dump(include={"start_ms", "end_ms", "channel", "speaker", "role", "text"}),
        "emotion": Jsonb(turn.emotion.model_dump(mode="json")) if turn.emotion else None,
    }


def put_segments(connection: Connection, recording_id: UUID, turns: Iterable[Turn]) -> None:
    """Changes the rows that searches for words read."""
    rows = [segment(recording_id, turn) for turn in turns]
    if rows:
        connection.cursor().executemany(SQL["put_segment"], rows)


def put_filters(connection: Connection, recording_id: UUID, answer: Report, shown: Report) -> None:
    """Stores what filters by label and role read, in the caller's transaction: of the corrected
    report where it differs from the answer, and else nothing."""
    roles = shown.recording.roles
    now = None if shown is answer else labels(shown)
    found = {
        "id": recording_id,
        "labels": None if now is None or now == labels(answer) else Jsonb(now),
        "roles": None if roles == answer.recording.roles else list(roles),
    }
    connection.execute(SQL["put_labels"], found)
    connection.execute(SQL["put_roles"], found)
