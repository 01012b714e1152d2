"""Hands one file in: uploaded to the store's inbox, written down, enqueued."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from analysis.request import IngestRequest
from analysis.types import Frozen
from audio.inbox import upload
from settings import settings
from tasks.submit import send


class Options(Frozen):
    """What a user may ask for besides the file."""

    roles: tuple[str, ...] | None = None
    analyses: tuple[str, ...] | None = None
    language: str | None = None
    force: bool = False
    accept_truncated: bool = False


class Submission(Frozen):
    """A file on its way in."""

    path: Path
    recording_id: UUID
    task_id: str


def submit(path: Path, options: Options) -> Submission:
    """Uploads the file, so that workers on other machines can read it, and enqueues it.

    Raises:
        BadAudio: ``missing``, the file cannot be read.
        Unavailable: the store or Redis does not answer.
    """
    uri = upload(path, settings().store_url)
    recording_id = uuid4()
    name = uri.rpartition("/")[2]
    request = IngestRequest(uri=uri, recording_id=recording_id, file_name=name, **options.model_dump())
    return Submission(path=path, recording_id=recording_id, task_id=send(request))


def submit_all(paths: Sequence[Path], options: Options) -> list[Submission]:
    """``submit`` for each path."""
    return [submit(path, options) for path in paths]
