"""Hands one file in: uploaded to the store's inbox, written down, enqueued."""

from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from analysis.errors import Unavailable
from analysis.printable import told
from analysis.request import IngestRequest
from analysis.types import Frozen, SpeakerCount
from audio.inbox import discard_upload, upload
from producer.admission import expected_chunks
from producer.patience import Patience
from settings import settings
from storage import recordings
from storage.db import connect, lost_connections
from tasks.submit import send
from workers.registry import analyses


class Options(Frozen):
    """What a user may ask for besides the file."""

    roles: tuple[str, ...] | None = None
    analyses: tuple[str, ...] | None = None
    language: str | None = None
    speakers: SpeakerCount | None = None
    force: bool = False
    accept_truncated: bool = False


class Submission(Frozen):
    """A file on its way in."""

    path: Path
    recording_id: UUID
    task_id: str | None
    """Of the request; None where a stored recording is analysed again."""


def submit(patience: Patience, path: Path, options: Options) -> Submission:
    """Uploads the file, so that workers on other machines can read it, writes the recording down, so that a lost message can be
    sent again, and enqueues it; waits for a store, a Postgres or a Redis that is away. Leaves nothing behind when it fails.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Forbidden: ``unreadable``, ``too_large``.
        ValueError: the options ask for what no request may.
        Unavailable: one of them was away for too long.
    """
    config = settings()
    uri = patience(lambda _: upload(path, config.store_url, config.max_upload_mb * 1_000_000))
    recording_id = uuid4()
    try:
        asked = {"uri": uri, "recording_id": recording_id, "file_name": told(path.name, 1024), **options.model_dump()}
        request = IngestRequest.model_validate(asked)
        wanted, language = options.analyses or tuple(analyses()), options.language or config.language
        chunks = expected_chunks(path)
        patience(lambda connection: recordings.register(connection, recording_id, request, wanted, language, chunks))
        return Submission(path=path, recording_id=recording_id, task_id=patience(lambda _: send(request)))
    except BaseException:
        with suppress(Unavailable):  # what is away now may have been the reason
            discard_upload(uri, config.store_url)
            with connect(config.database_url) as connection, lost_connections():
                recordings.forget(connection, recording_id)
        raise
