"""Peaks of a recording as audiowaveform's JSON, whole or a part."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.errors import BadAudio
from earshot.audio.store import peaks
from earshot.audio.store.peaks import PAIR, RATE, Peaks, Scale
from earshot.settings import settings
from earshot.storage.postgres.recordings import Recording
from gateway.few import Few
from gateway.problems import Problem
from gateway.reading.audio import decoded, expired

MOST = 1 << 20
"""Numbers in one answer, about 3 MB: 2.9 hours of one channel at the finest zoom."""
KEPT_SEC = 3600
"""Time for which a client need not ask again; the peaks of a deleted recording stay no longer."""
MAKING = Few(2)
"""Peaks of a recording from before there were any take a reading of all its audio."""
VERSION, BITS = 2, 8
EXAMPLE: dict[str, Any] = {
    "version": VERSION,
    "channels": 1,
    "sample_rate": RATE,
    "samples_per_pixel": 1600,
    "bits": BITS,
    "length": 3,
    "data": [-1, 1, -34, 41, -7, 6],
    "start_ms": 0,
}


class Drawn(BaseModel):
    """JSON of audiowaveform, version 2."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    version: int = VERSION
    channels: int
    sample_rate: int = Field(description="Hz; `samples_per_pixel` counts at this rate.")
    samples_per_pixel: int
    bits: int = BITS
    length: int = Field(description="Pixels.")
    data: list[int] = Field(
        description="Of each pixel the lowest and the highest value of each channel, -128 to 127."
    )
    start_ms: int = Field(description="Time of the first pixel.")


class NoPeaks(Exception):
    """There are none yet; ``make`` makes them."""


def answer(
    tenant: str,
    recording_id: UUID,
    zoom: int,
    part_ms: tuple[int, int | None],
    headers: Mapping[str, str],
    *,
    head: bool,
) -> Response:
    """The peaks of a part, whose end is None for that of the recording.

    Args:
        head: without the body.

    Raises:
        NoPeaks: there are none (yet).
        Problem: as ``gateway.reading.audio.decoded``; 422, the part is too long.
        Unavailable: the store, Postgres or Redis is unavailable.
    """
    found, _ = decoded(tenant, recording_id)
    store = settings().store_url
    try:
        scale = peaks.scale(store, found.id, zoom)
        first, end = _pixels(scale, *part_ms)
        tag = f'"{found.id.hex}-{found.round}-peaks-{zoom}-{first}-{end}"'
        # A later round of a redacted recording may make more of it silent.
        kept = "no-cache" if found.redact else f"max-age={KEPT_SEC}, immutable"
        about = {"etag": tag, "cache-control": f"private, {kept}"}
        if tag in [each.strip() for each in headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=about)
        read = peaks.get(store, found.id, zoom, scale, first, end)
    except BadAudio as error:
        raise NoPeaks from error
    body = _json(read).encode()
    about |= {"content-length": str(len(body))}
    return Response(b"" if head else body, 200, about, "application/json")


def _pixels(scale: Scale, start_ms: int, end_ms: int | None) -> tuple[int, int]:
    pixel_ms = scale.samples_per_pixel * 1000 // RATE
    first = min(start_ms // pixel_ms, scale.pixels)
    end = scale.pixels if end_ms is None else min(-(-end_ms // pixel_ms), scale.pixels)
    most = MOST // (PAIR * scale.channels)
    if end - first > most:
        raise Problem(
            422,
            "part_too_long",
            f"At this zoom one answer has at most {most * pixel_ms} ms; ask for a part with"
            " `start_ms` and `end_ms`.",
            longest_ms=most * pixel_ms,
        )
    return first, max(first, end)


def _json(read: Peaks) -> str:
    fields = {
        "version": VERSION,
        "channels": read.pairs.shape[1],
        "sample_rate": RATE,
        "samples_per_pixel": read.samples_per_pixel,
        "bits": BITS,
        "length": len(read.pairs),
        "data": read.pairs.ravel().tolist(),
        "start_ms": read.start_ms,
    }
    return json.dumps(fields, separators=(",", ":"))


def make(tenant: str, recording_id: UUID) -> None:
    """Makes the peaks of a recording, unless it has some.

    Raises:
        Problem: as ``gateway.reading.audio.decoded``.
        Unavailable: the store, Postgres or Redis is unavailable.
    """
    found, channels = decoded(tenant, recording_id)
    try:
        if not _has_peaks(found):
            fine = peaks.of_store(found.audio[RATE], channels)
            peaks.put(settings().store_url, found.id, fine, new_folder=False)
    except BadAudio as error:
        raise expired() from error


def _has_peaks(found: Recording) -> bool:
    try:
        peaks.scale(settings().store_url, found.id, peaks.ZOOMS[-1])
    except BadAudio:
        return False
    return True
