"""Follows submitted files until each is finished, by polling the ledger."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.analysis.request import IngestReply
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen
from earshot.storage.postgres import recordings
from earshot.storage.postgres.recordings import Progress
from producer.patience import Patience
from producer.submit import Submission
from tasks.submit import reply

POLL_SEC = 0.2
ANSWER_SEC = 30.0
"""Maximum time without an explanation for a vanished recording: its content was stored before, and
the reply names it."""


class FileProgress(Frozen):
    """Progress of one file; ``state`` is the recording's."""

    submission: Submission
    recording_id: UUID
    state: RecordingState = RecordingState.QUEUED
    duplicate: bool = False
    added: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    """The last three as in ``IngestReply``."""
    chunks_merged: int = 0
    chunks_total: int = 0
    error_code: str | None = None
    error_detail: str | None = None
    vanished_at: float | None = None
    """When its row was first found gone, on the monotonic clock."""

    @property
    def finished(self) -> bool:
        return self.state.closed


def follow(patience: Patience, submissions: Sequence[Submission]) -> Iterator[FileProgress]:
    """Yields every change, file by file, until all are finished. ``patience.check``, called at
    every poll, raises if waiting is useless (a worker of the local stack died)."""
    latest = [FileProgress(submission=each, recording_id=each.recording_id) for each in submissions]
    while not all(each.finished for each in latest):
        patience.check()
        for position, now in enumerate(advanced(patience, latest)):
            if now != latest[position]:
                latest[position] = now
                yield now
        time.sleep(POLL_SEC)


def advanced(patience: Patience, latest: Sequence[FileProgress]) -> list[FileProgress]:
    """The present progress of the files, by one look at the ledger."""
    unfinished = [each.recording_id for each in latest if not each.finished]
    rows = patience(partial(recordings.progress, ids=unfinished))
    return [
        each if each.finished else _advanced(patience, each, rows.get(each.recording_id))
        for each in latest
    ]


def _advanced(patience: Patience, before: FileProgress, row: Progress | None) -> FileProgress:
    if row is not None:
        return before.model_copy(update=row.model_dump(exclude={"id", "file_name"}))
    if before.vanished_at is None:
        return before.model_copy(update={"vanished_at": time.monotonic()})
    answer = patience(lambda _: _answer(before))
    if answer is not None:
        return before.model_copy(
            update=answer.model_dump(include={"recording_id", "duplicate", "added", "differs"})
        )
    if time.monotonic() - before.vanished_at < ANSWER_SEC:
        return before
    return _failed(before, Permanent("deleted", "the recording was deleted meanwhile"))


def _answer(before: FileProgress) -> IngestReply | None:
    """The reply to the request, once it names the stored recording with the same content."""
    asked = before.submission.task_id
    answer = None if before.duplicate or asked is None else reply(asked)
    return answer if answer and answer.duplicate else None


def _failed(before: FileProgress, error: Permanent) -> FileProgress:
    return before.model_copy(
        update={
            "state": RecordingState.FAILED,
            "error_code": error.code,
            "error_detail": str(error),
        }
    )
