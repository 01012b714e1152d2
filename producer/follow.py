"""Follows submitted files until each is finished, by asking the ledger."""

import time
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from analysis.errors import Permanent
from analysis.request import IngestReply
from analysis.types import Frozen
from producer.submit import Submission
from storage import recordings
from storage.db import Connection
from tasks.submit import reply

POLL_SEC = 0.2


class FileProgress(Frozen):
    """How far one file has come. ``state`` is ``waiting`` until its ingest is answered, then the recording's."""

    submission: Submission
    recording_id: UUID | None = None
    state: str = "waiting"
    duplicate: bool = False
    chunks_merged: int = 0
    chunks_total: int = 0
    error_code: str | None = None
    error_detail: str | None = None

    @property
    def finished(self) -> bool:
        return self.state in ("complete", "partial", "failed")


def follow(connection: Connection, submissions: Sequence[Submission], check: Callable[[], None]) -> Iterator[FileProgress]:
    """Yields every change, file by file, until all are finished.

    Args:
        check: called at every poll; raises when waiting has become useless (a worker of the local stack died).
    """
    latest = [FileProgress(submission=each) for each in submissions]
    while not all(each.finished for each in latest):
        check()
        ids = [each.recording_id for each in latest if each.recording_id and not each.finished]
        rows = recordings.progress(connection, ids) if ids else {}
        for position, before in enumerate(latest):
            if before.finished:
                continue
            now = _advance(before, rows)
            if now != before:
                latest[position] = now
                yield now
        time.sleep(POLL_SEC)


def _advance(before: FileProgress, rows: dict[UUID, recordings.Progress]) -> FileProgress:
    if before.recording_id is None:
        return _answered(before)
    row = rows.get(before.recording_id)
    if row is None:
        gone = {"state": "failed", "error_code": "deleted", "error_detail": "the recording was deleted meanwhile"}
        return before.model_copy(update=gone)
    return before.model_copy(
        update=row.model_dump(include={"state", "chunks_merged", "chunks_total", "error_code", "error_detail"})
    )


def _answered(before: FileProgress) -> FileProgress:
    try:
        answer: IngestReply | None = reply(before.submission.task_id)
    except Permanent as error:
        return before.model_copy(update={"state": "failed", "error_code": error.code, "error_detail": str(error)})
    if answer is None:
        return before
    reason = answer.error or {}
    return before.model_copy(
        update={
            "recording_id": answer.recording_id,
            "state": answer.state,
            "duplicate": answer.duplicate,
            "error_code": reason.get("code"),
            "error_detail": reason.get("detail"),
        }
    )
