"""One session over a WebSocket: packets at absolute deadlines, events with the time of their
arrival."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import numpy as np

from earshot.compute.sound import SAMPLE_RATE
from producer.live import Live
from trials.live.recordings import Spoken

PACKET_MS = 20
PACKET = SAMPLE_RATE * PACKET_MS // 1000


class Arrived(NamedTuple):
    """An event, and when it came: ms after the beginning of the sound was spoken."""

    at_ms: float
    event: dict[str, Any]


class Streamed(NamedTuple):
    """A whole session."""

    spoken: Spoken
    arrived: list[Arrived]
    latest_ms: float
    """How late a packet was sent at most."""


async def stream(url: str, token: str, spoken: Spoken, after_sec: float = 0.0) -> Streamed:
    """Speaks a session in real time. A packet is sent when its last sample has been spoken.

    Args:
        after_sec: silence before the session begins, so that several do not speak in step.
    """
    loop = asyncio.get_running_loop()
    await asyncio.sleep(after_sec)
    began = 0.0
    late = [0.0]

    async def packets() -> AsyncIterator[bytes]:
        nonlocal began
        sound = (spoken.samples * 32_768).astype("<i2")
        began = loop.time()
        for index, start in enumerate(range(0, len(sound), PACKET), 1):
            due = began + index * PACKET_MS / 1000
            await asyncio.sleep(due - loop.time())
            late.append(1000 * (loop.time() - due))
            yield np.ascontiguousarray(sound[start : start + PACKET]).tobytes()

    live = Live(url, token, file_name="bench.wav")
    arrived = []
    async for event in live.events(packets()):
        arrived.append(Arrived(1000 * (loop.time() - began), event))
    return Streamed(spoken, arrived, max(late))
