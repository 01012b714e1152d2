"""Hands one file in: uploaded to the store's inbox, written down, enqueued."""

from pathlib import Path
from uuid import UUID, uuid4

from analysis.request import IngestRequest
from analysis.types import Frozen, SpeakerCount
from audio.inbox import discard_upload, upload
from settings import settings
from storage import recordings
from storage.db import Connection
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


def submit(connection: Connection, path: Path, options: Options) -> Submission:
    """Uploads the file, so that workers on other machines can read it, writes the recording down, so that a lost message can be
    sent again, and enqueues it. Leaves nothing behind when it fails.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Forbidden: ``unreadable``.
        Unavailable: the store, Postgres or Redis does not answer.
    """
    config = settings()
    uri = upload(path, config.store_url)
    name = uri.rpartition("/")[2]
    recording_id = uuid4()
    request = IngestRequest(uri=uri, recording_id=recording_id, file_name=name, **options.model_dump())
    try:
        wanted, language = options.analyses or tuple(analyses()), options.language or config.language
        recordings.register(connection, recording_id, request, wanted, language)
        return Submission(path=path, recording_id=recording_id, task_id=send(request))
    except BaseException:
        discard_upload(uri, config.store_url)
        recordings.forget(connection, recording_id)
        raise
