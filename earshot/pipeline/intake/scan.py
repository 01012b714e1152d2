"""The scan of a folder that beat starts: files whose content is not known are submitted."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

from earshot.analysis.errors import EarshotError, Unavailable
from earshot.analysis.printable import on_one_line
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Frozen
from earshot.audio.files import find_audio
from earshot.audio.store.inbox import discard_upload, upload
from earshot.audio.store.source import content_hash
from earshot.pipeline.intake.known import known
from earshot.pipeline.intake.submit import submit
from earshot.pipeline.ports import Publisher
from earshot.settings import settings
from earshot.storage.postgres import db, ledger, recordings

log = logging.getLogger(__name__)

PASS_SEC = 300.0
"""Time after which a scan lets other tasks go first."""


class Scanned(Frozen):
    """One pass over the folder."""

    submitted: int = 0
    known: int = 0
    refused: int = 0
    after: str = ""
    """The last file of the pass, after which the next one continues; empty: all are done."""


def scan(publisher: Publisher, after: str = "") -> Scanned:
    """Submits unknown files in order of their path, until all are, the time of a pass is over, or
    there is no capacity for more chunks.

    Raises:
        Unavailable: the store, Postgres or Redis.
    """
    config, began = settings(), time.monotonic()
    folder = config.beside_config(config.input_dir)
    if not folder.is_dir():
        log.warning("scan: %s is not there (setting input_dir)", folder)
        return Scanned()
    counts, last = Counter[str](), after
    for path in following(folder, after):
        if time.monotonic() - began > PASS_SEC or not _has_room():
            return _scanned(counts, last or " ")
        counts[_take(path, publisher)] += 1
        last = str(path)
    return _scanned(counts, "")


def following(folder: Path, after: str) -> Iterator[Path]:
    """The files of a folder behind one of its paths, in the order of ``find_audio``: by the parts
    of their paths, in which ``calls/z.wav`` is before ``calls-2/a.wav``."""
    reached = Path(after)
    return (path for path in find_audio([folder]) if path > reached and path != folder)


def _scanned(counts: Counter[str], after: str) -> Scanned:
    return Scanned.model_validate({**counts, "after": after})


def _has_room() -> bool:
    with db.pooled() as connection:
        waiting = ledger.unmerged(connection) + ledger.waiting_requests(connection)
    return waiting < settings().max_unmerged_chunks


def _take(path: Path, publisher: Publisher) -> str:
    """Submits a file unless its content is known; returns which of the counts grows."""
    store, uri = settings().store_url, ""
    try:
        digest = content_hash(path)
        # The address is the inbox's; only the options matter here.
        wanted = IngestRequest(uri="inbox").model_dump(mode="json")
        with db.pooled() as connection:
            if known(connection, [digest], wanted):
                return "known"
        uri = upload(path, store, settings().max_upload_mb * 1_000_000)
        recording_id = uuid4()
        request = IngestRequest(
            uri=uri, recording_id=recording_id, file_name=on_one_line(path.name, 1024)
        )
        with db.pooled() as connection:
            noted = partial(recordings.note_content, connection, recording_id, digest)
            submit(connection, publisher, request, noted)
    except (EarshotError, OSError, ValueError) as error:
        if isinstance(error, Unavailable) and error.code != "growing":
            raise
        if uri:
            discard_upload(uri, store)
        log.warning("scan: %s is left out: %s", os.fsdecode(path), " ".join(str(error).split()))
        return "refused"
    return "submitted"
