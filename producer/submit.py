"""Submits one file: uploads it to the store's inbox, records and enqueues it."""

from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from earshot.analysis.errors import BadAudio, Forbidden, Growing, Unavailable
from earshot.analysis.printable import on_one_line
from earshot.analysis.request import IngestRequest, Profile, Redact
from earshot.analysis.roles import Direction
from earshot.analysis.types import Frozen, SpeakerCount
from earshot.audio.store.inbox import discard_upload, is_young, upload
from earshot.pipeline.intake.submit import register
from earshot.pipeline.orphans import AGE_SEC as SWEPT_SEC
from earshot.settings import settings
from earshot.storage.postgres import recordings
from earshot.storage.postgres.db import Connection, connect, lost_connections
from producer.admission import expected_chunks
from producer.patience import Patience
from tasks.submit import send

OF_ONE_FILE = (BadAudio, Forbidden, Growing, OSError, ValueError)
"""Errors of one file that do not affect others; ``ValueError``: its name or options are invalid."""


class Options(Frozen):
    """Options of a request besides the file."""

    roles: tuple[str, ...] | None = None
    recorder: str | None = None
    direction: Direction | None = None
    analyses: tuple[str, ...] | None = None
    profile: Profile = "full"
    language: str | None = None
    speakers: SpeakerCount | None = None
    glossary: str | None = None
    force: bool = False
    accept_truncated: bool = False
    redact: Redact = None


class Submission(Frozen):
    """A file on its way in."""

    path: Path
    recording_id: UUID
    task_id: str | None
    """Of the request; None where a stored recording is analysed again."""


def submit(
    patience: Patience, path: Path, options: Options, sha256: str | None = None
) -> Submission:
    """Uploads the file, so that workers on other machines can read it, records the recording, so
    that a lost message can be published again, and enqueues it; waits for an unavailable store,
    Postgres or Redis. Leaves nothing behind when it fails.

    Args:
        sha256: of the file, where it is known: another command then finds the recording by its
            content before the file is ingested.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Forbidden: ``unreadable``, ``too_large``.
        ValueError: invalid options.
        Unavailable: one of them was unavailable for too long.
    """
    copy, recording_id = _Copy(path), uuid4()
    named = {
        "recording_id": recording_id,
        "file_name": on_one_line(path.name, 1024),
        **options.model_dump(),
    }

    def written_down(connection: Connection) -> IngestRequest:
        before = recordings.get(connection, recording_id)
        if before is not None:  # by a try whose reply was lost
            return IngestRequest.model_validate(before.request)
        request = IngestRequest.model_validate({"uri": copy.uploaded(), **named})
        with connection.transaction():
            register(connection, recording_id, request, chunks)
            if sha256 is not None:
                recordings.note_content(connection, recording_id, sha256)
        return request

    try:
        patience(lambda _: copy.uploaded())
        chunks = expected_chunks(path)
        request = patience(written_down)
        return Submission(
            path=path, recording_id=recording_id, task_id=patience(lambda _: send(request))
        )
    except BaseException:
        with suppress(Unavailable):  # the unavailable service may have been the reason
            copy.discard()
            with connect() as connection, lost_connections():
                recordings.forget(connection, recording_id)
        raise


class _Copy:
    """The file's copy in the inbox. Until a request names it, upkeep removes it once it is old: a
    copy of half that age, after a wait for Postgres, is made again."""

    def __init__(self, path: Path) -> None:
        self._path, self._store, self._uri = path, settings().store_url, ""

    def uploaded(self) -> str:
        """URI of the copy, young enough to be named by a request.

        Raises:
            As ``earshot.audio.store.inbox.upload``.
        """
        if not self._uri or not is_young(self._uri, self._store, SWEPT_SEC / 2):
            self.discard()
            self._uri = upload(self._path, self._store, settings().max_upload_mb * 1_000_000)
        return self._uri

    def discard(self) -> None:
        """Removes the copy."""
        discard_upload(self._uri, self._store)
