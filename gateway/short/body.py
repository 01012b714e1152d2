"""The body of ``POST /scene`` and ``POST /emotion``: raw float32 little-endian mono samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from earshot.audio.decoding.decode import LOUDEST, SHORTEST_MS
from earshot.audio.decoding.probe import RATES_HZ
from earshot.compute.sound import SAMPLE_RATE, Samples
from gateway.problems import Problem

LONGEST_SEC = 60
LONGEST_BYTES = 4 * 48_000 * LONGEST_SEC
MEDIA_TYPES = ("application/octet-stream", "audio/x-f32le")
KINDS = tuple(name.encode() for name in MEDIA_TYPES)

DESCRIBED: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Float32 little-endian mono samples in -1 to 1, from"
        f" {SHORTEST_MS} ms to {LONGEST_SEC} s.",
        "content": {MEDIA_TYPES[0]: {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {
            "name": "X-Sample-Rate",
            "in": "header",
            "required": False,
            "description": "Hz.",
            "schema": {
                "type": "integer",
                "minimum": RATES_HZ[0],
                "maximum": RATES_HZ[1],
                "default": SAMPLE_RATE,
            },
        }
    ],
}
"""The body and its header in the OpenAPI document."""


def sample_rate(headers: Mapping[bytes, bytes]) -> int:
    """The sample rate, judged together with the other headers before the body is read.

    Raises:
        Problem: 415, another kind of body; 422, no such rate.
    """
    kind = headers.get(b"content-type", KINDS[0]).partition(b";")[0].strip().lower()
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if kind not in KINDS or coding != b"identity":
        raise Problem(
            415,
            "unsupported_media_type",
            "The body is raw float32 little-endian mono samples, as `application/octet-stream`"
            " without Content-Encoding; POST /recordings takes audio files.",
        )
    stated = headers.get(b"x-sample-rate")
    if stated is None:
        return SAMPLE_RATE
    low, high = RATES_HZ
    rate = int(stated) if stated.isdigit() and len(stated) < 9 else 0
    if not low <= rate <= high:
        raise Problem(
            422, "sample_rate", f"X-Sample-Rate is a whole number of Hz from {low} to {high}."
        )
    return rate


async def read(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        ClientDisconnect: the client is gone.
        Problem: 408, 413, as ``gateway.body`` says.
    """
    parts, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def samples(body: bytes, rate: int) -> Samples:
    """The samples of a body.

    Raises:
        Problem: 413, too long; 422, no samples, too few, or not samples of sound.
    """
    if not body:
        raise Problem(422, "not_samples", "The body is empty; it is raw float32 samples.")
    if len(body) % 4:
        raise Problem(
            422,
            "not_samples",
            f"The body has {len(body)} bytes, which are no whole float32 samples of four;"
            " POST /recordings takes audio files.",
        )
    found = np.frombuffer(body, "<f4")
    if len(found) * 1000 < SHORTEST_MS * rate:
        raise Problem(422, "too_short", f"A sound has at least {SHORTEST_MS} ms.")
    if len(found) > LONGEST_SEC * rate:
        raise Problem(
            413, "too_large", f"A sound has at most {LONGEST_SEC} s; POST /recordings takes longer."
        )
    low, high = found.min(), found.max()
    if not (low >= -LOUDEST and high <= LOUDEST):  # also for NaN
        finite = np.isfinite(low) and np.isfinite(high)
        raise Problem(
            422,
            "out_of_range" if finite else "not_finite",
            f"Samples lie in -1 to 1, not at {max(-low, high):g}; divide int16 by 32768."
            if finite
            else "The body holds NaN or infinite samples.",
        )
    return found
