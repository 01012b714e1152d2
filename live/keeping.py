"""The whole sound of a session: stored in pieces while it comes, made one recording at the end, and
submitted like any other."""

from uuid import UUID, uuid4

import fsspec

from earshot.analysis.request import IngestRequest
from earshot.audio.sealing.files import sealing
from earshot.audio.store import whole
from earshot.audio.store.layout import local_path, store_errors
from earshot.live.sound import Format
from earshot.pipeline.intake.submit import submit
from earshot.settings import settings
from earshot.storage.postgres import db, recordings
from tasks import publisher

NAME = "audio.wav"
FIRST_DIGITS = 12


def folder(session: UUID) -> str:
    """URL of the pieces, and of the recording that is made of them. Upkeep removes them when no
    request and no live session names it."""
    return f"{settings().store_url.rstrip('/')}/inbox/{session}"


def put(session: UUID, first: int, sound: bytes) -> None:
    """Stores the sound of frames from the index ``first`` on; a piece may be stored again.

    Raises:
        Unavailable: ``store_unavailable`` or ``disk_full``.
    """
    whole.put(f"{folder(session)}/{first:0{FIRST_DIGITS}d}.raw", sound)


def hand_over(session: UUID, format_: Format, about: dict[str, str]) -> bool:
    """Makes the recording and submits it under the session's id; it may be done again. False if
    there is no sound.

    Raises:
        Unavailable: the store, Postgres or Redis does not answer.
        Permanent: ``deleted``, the recording was deleted meanwhile.
    """
    url = folder(session)
    with db.pooled() as connection:
        known = recordings.get(connection, session) is not None
    pieces = _pieces(url)
    if known:  # a predecessor did not live to remove them
        _remove(url, pieces)
        return True
    if not pieces:
        return False
    uri = f"{url}/{NAME}"
    _join(uri, url, pieces, format_)
    request = IngestRequest(
        uri=uri,
        recording_id=session,
        file_name=about["file_name"],
        language=about["language"],
        roles=(),
        tenant=about["tenant"],
    )
    with db.pooled() as connection:
        submit(connection, publisher, request)
    _remove(url, pieces)
    return True


def _pieces(url: str) -> list[str]:
    with store_errors(url):
        fs, path = fsspec.core.url_to_fs(url)
        fs.invalidate_cache()
        if not fs.exists(path):
            return []
        names = (each.rpartition("/")[2] for each in fs.ls(path, detail=False))
        return sorted(name for name in names if name.endswith(".raw"))


def _join(uri: str, url: str, pieces: list[str], format_: Format) -> None:
    """Writes the recording whole or not at all: a process that has lost the session changes none
    that its successor has submitted. ``.writing-`` as in ``whole.put``."""
    size = sum(len(whole.read(f"{url}/{name}")) for name in pieces)
    fs, path = fsspec.core.url_to_fs(uri)
    target = local_path(uri)
    half = target.with_name(f".writing-{uuid4().hex}-{NAME}") if target else None
    try:
        with store_errors(uri), fs.open(str(half or path), "wb") as file, sealing(file) as into:
            into.write(format_.header(size))
            for name in pieces:
                into.write(whole.read(f"{url}/{name}"))
        if half and target:
            half.replace(target)
    finally:
        if half:
            half.unlink(missing_ok=True)


def _remove(url: str, names: list[str]) -> None:
    with store_errors(url):
        fs, path = fsspec.core.url_to_fs(url)
        for name in names:
            fs.rm_file(f"{path}/{name}")
