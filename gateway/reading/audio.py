"""The stored audio of a recording as an answer with ranges."""

from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from earshot.analysis.errors import BadAudio
from earshot.audio.store.wav_view import WavView, wav_view
from earshot.storage.postgres import db
from earshot.storage.postgres.recordings import Recording
from gateway.problems import Problem
from gateway.reading import owned
from gateway.reading.ranges import Part, Unsatisfiable, wanted

BLOCK = 1 << 17
"""Bytes read at a time; a slow client holds no more."""


def view(tenant: str, recording_id: UUID) -> tuple[Recording, WavView]:
    """The tenant's recording, and its audio at the highest stored rate.

    Raises:
        Problem: 404, there is none; 409, it is not decoded, or not redacted; 410, it, or its
            audio, was deleted.
        Unavailable: the store, Postgres or Redis is unavailable.
    """
    found, channels = decoded(tenant, recording_id)
    rate = max(found.audio)
    try:
        return found, wav_view(found.audio[rate], rate, channels)
    except BadAudio as error:
        raise expired() from error


def decoded(tenant: str, recording_id: UUID) -> tuple[Recording, int]:
    """The tenant's recording, whose audio is stored, and the number of its channels.

    Raises: as ``view``.
    """
    with db.pooled() as connection:
        found = owned.recording(connection, tenant, recording_id)
    if found.is_withheld:
        raise Problem(
            409,
            "not_redacted",
            "Personal data is being removed from the sound; ask again when the recording is"
            " completed.",
        )
    if found.audio and found.channels:
        return found, found.channels
    if found.duration_ms is not None:
        raise expired()
    raise Problem(
        409,
        "no_audio",
        f"The recording is {found.state}, and was not decoded."
        + ("" if found.state.closed else " Ask again later."),
    )


def expired() -> Problem:
    """The answer about audio that retention has removed."""
    return Problem(
        410, "audio_expired", "The audio was removed for its age; transcript and report are kept."
    )


def answer(found: Recording, audio: WavView, headers: Mapping[str, str], *, head: bool) -> Response:
    """The audio, or the range of it that ``headers`` ask for.

    Args:
        head: without the bytes.

    Raises:
        Problem: 416, the range lies behind the end.
    """
    # A later round of a redacted recording may make more of it silent.
    tag = f'"{found.id.hex}-{found.round}-{audio.sample_rate}-{audio.pcm_bytes}"'
    about = {"accept-ranges": "bytes", "etag": tag, "cache-control": "private, no-cache"}
    if tag in [each.strip() for each in headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=about)
    asked = headers.get("range")
    if headers.get("if-range", tag) != tag:
        asked = None
    try:
        part = wanted(asked, audio.size)
    except Unsatisfiable:
        raise Problem(
            416,
            "range_not_satisfiable",
            f"The file has {audio.size} bytes.",
            {**about, "content-range": f"bytes */{audio.size}"},
        ) from None
    start, end = part or Part(0, audio.size)
    about |= {"content-length": str(end - start)}
    if part:
        about |= {"content-range": f"bytes {start}-{end - 1}/{audio.size}"}
    status = 206 if part else 200
    if head:
        return Response(status_code=status, headers=about, media_type="audio/wav")
    return StreamingResponse(_blocks(audio, start, end), status, about, "audio/wav")


async def _blocks(audio: WavView, start: int, end: int) -> AsyncIterator[bytes]:
    while start < end:
        block = await run_in_threadpool(audio.read, start, min(start + BLOCK, end))
        if not block:
            return  # it was deleted meanwhile: the answer stays short of its length
        yield block
        start += len(block)
