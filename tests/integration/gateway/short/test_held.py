"""Bodies of short sounds that are on their way: what they take of memory has an end, and what they
only announce takes nothing of it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest

from cli.localstack import waiting
from gateway.routes.noise import LONGEST_BYTES as LONGEST_JSON
from gateway.short.body import LONGEST_BYTES
from gateway.short.models import MOST_BYTES
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

SOUND = np.zeros(16_000, "<f4").tobytes()
SENDERS = 40


@pytest.fixture
def sender(door: Stack) -> Iterator[Callable[[str, int, int], socket.socket]]:
    """Announces a body, and sends a part of it: ``sender(path, announced, sent)``."""
    url, token = urlsplit(door.settings["GATEWAY_URL"]), door.token("read")
    with ExitStack() as stack:

        def send(path: str, announced: int, sent: int) -> socket.socket:
            line = stack.enter_context(
                socket.create_connection((url.hostname, url.port), timeout=30)
            )
            head = (
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: {TYPES[path]}\r\nContent-Length: {announced}\r\n\r\n"
            )
            line.sendall(head.encode())
            with suppress(ConnectionError):  # the first one that is too much is refused
                line.sendall(bytes(sent))
            return line

        yield send


TYPES = {"/scene": "application/octet-stream", "/api/audio/classify": "application/json"}
LONGEST = {"/scene": LONGEST_BYTES, "/api/audio/classify": LONGEST_JSON}


@pytest.mark.parametrize("path", TYPES)
def test_bodies_on_their_way_have_an_end(
    client: Make, sender: Callable[[str, int, int], socket.socket], path: str
) -> None:
    longest = LONGEST[path]
    lines = [sender(path, longest, longest - 1) for _ in range(MOST_BYTES // longest + 1)]
    caller = client("read")

    def is_busy() -> bool:  # all have come
        return caller.post("/scene", content=bytes(LONGEST_BYTES)).status_code == 503

    waiting.until(is_busy, 20, "the end of what is held")
    for line in lines:
        line.close()

    def is_free() -> bool:
        return caller.post("/scene", content=SOUND).status_code == 200

    waiting.until(is_free, 20, "the rest")


@pytest.mark.parametrize("path", TYPES)
def test_what_is_announced_keeps_nobody_out(
    client: Make, sender: Callable[[str, int, int], socket.socket], path: str
) -> None:
    for _ in range(SENDERS):
        sender(path, LONGEST[path], 100)
    for _ in range(20):
        assert client("read").post("/scene", content=SOUND).status_code == 200
