"""Clients that do not complete their requests: they are disconnected in time, and do no harm
meanwhile."""

import json
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from websockets.sync.client import connect

from cli.localstack import processes
from tests.servers import Stack

pytestmark = pytest.mark.integration

SILENT_SEC = 3.0
SOCKETS = 1000
MB = 1 << 20
HEAD = b"POST /scene HTTP/1.1\r\nHost: x\r\nX-Filler: "


@pytest.fixture(scope="module")
def impatient(door: Stack) -> Iterator[str]:
    """URL of a gateway that waits for three seconds."""
    door.settings["SILENT_SEC"] = str(SILENT_SEC)
    try:
        with door.gateway("impatient") as url:
            yield url
    finally:
        del door.settings["SILENT_SEC"]


def opened(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=30)


def resident(door: Stack) -> int:
    found = processes.running(door.home, "impatient")
    assert found is not None
    size: int = psutil.Process(found.pid).memory_info().rss
    return size


def idle_round(door: Stack, url: str, bare: httpx2.Client) -> tuple[int, float, float]:
    """Opens all sockets: a third says nothing, a third stops within its head, a third sends a byte
    of it now and then. Resident memory meanwhile, seconds until the last one was closed, and the
    longest time of a request beside them."""
    with ExitStack() as stack, selectors.DefaultSelector() as watched:
        lines = [stack.enter_context(opened(url)) for _ in range(SOCKETS)]
        began = time.monotonic()
        for line in lines:
            watched.register(line, selectors.EVENT_READ)
        for line in lines[SOCKETS // 3 :]:
            line.sendall(HEAD)
        dripping = set(lines[2 * SOCKETS // 3 :])
        most, slowest = 0, 0.0
        while watched.get_map():
            assert time.monotonic() - began < 10 * SILENT_SEC, "sockets are still open"
            asked = time.monotonic()
            assert bare.get("/health").status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
            most = max(most, resident(door))
            for key, _ in watched.select(0.2):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                said = line.recv(4096)
                begun = line in lines[SOCKETS // 3 :]
                assert said.startswith(b"HTTP/1.1 408 ") if begun else said == b""
                watched.unregister(line)
                dripping.discard(line)
            for line in dripping:
                line.send(b"x")
    return most, time.monotonic() - began, slowest


def test_a_thousand_idle_sockets(door: Stack, impatient: str) -> None:
    with httpx2.Client(base_url=impatient, timeout=30, trust_env=False) as bare:
        assert bare.get("/health").status_code == 200
        before = resident(door)
        first, took, slowest = idle_round(door, impatient, bare)
        second, *_ = idle_round(door, impatient, bare)
    assert took < SILENT_SEC + 5
    assert slowest < 2
    assert first - before < 30 * MB
    assert second - first < 3 * MB


def test_half_a_head_is_answered_with_a_problem(impatient: str) -> None:
    with opened(impatient) as line:
        line.sendall(HEAD)
        head, _, body = received(line).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"content-type: application/problem+json" in head
    assert f"x-request-id: {problem['request_id']}".encode() in head
    assert (problem["status"], problem["code"]) == (408, "request_timeout")


def test_what_is_no_http_is_answered_with_a_problem(impatient: str) -> None:
    with opened(impatient) as line:
        line.sendall(b"\x16\x03\x01 something else\r\n\r\n")
        head, _, body = received(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body)["code"] == "bad_request"


@pytest.mark.parametrize("before", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_head_without_an_end_is_refused(door: Stack, impatient: str, before: bytes) -> None:
    """Also on a connection that has had a whole request; the gateway would keep all of it."""
    size = resident(door)
    with opened(impatient) as line:
        line.sendall(before)
        if before:
            assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        line.sendall(HEAD)
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            line.sendall(b"x" * 64 * MB)
    assert time.monotonic() - began < SILENT_SEC
    assert resident(door) - size < 10 * MB


def test_a_head_that_is_too_long_is_answered_with_a_problem(impatient: str) -> None:
    with opened(impatient) as line:
        line.sendall(b"GET /health HTTP/1.1\r\n" + b"X-Filler: y\r\n" * 5500)
        head, _, body = received(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["code"] == "head_too_long"


def test_half_a_body_is_answered_with_a_problem(door: Stack, impatient: str) -> None:
    with opened(impatient) as line:
        head = (
            f"POST /scene HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.token('read')}\r\n"
            "Content-Length: 64000\r\n\r\n"
        )
        line.sendall(head.encode() + bytes(400))
        assert received(line).startswith(b"HTTP/1.1 408 ")


def test_a_second_request_that_stops_within_its_head(impatient: str) -> None:
    """Also on a connection that has had a whole request."""
    with opened(impatient) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        line.sendall(b"GET /hea")
        assert b"HTTP/1.1 408 " in received(line)


def test_a_slow_head_within_the_time_is_answered(impatient: str) -> None:
    with opened(impatient) as line:
        for part in (b"GET /health HT", b"TP/1.1\r\nHost: x\r\nConnection: close\r\n", b"\r\n"):
            time.sleep(0.3)  # the slowness is what is tested
            line.sendall(part)
        assert received(line).endswith(b'{"status":"ok"}')


def test_a_websocket_lasts_longer(door: Stack, impatient: str) -> None:
    """Nothing is late in a stream that has begun."""
    headers = {"Authorization": f"Bearer {door.token('read')}"}
    address = f"{impatient.replace('http', 'ws', 1)}/events"
    with connect(address, additional_headers=headers, proxy=None) as line:
        assert "position" in json.loads(line.recv(timeout=30))
        with pytest.raises(TimeoutError):
            line.recv(timeout=2 * SILENT_SEC)


@pytest.mark.parametrize("between", [b"1;a=", b"1\r\nx\r\n0\r\nX-Trailer: "])
def test_what_lies_between_the_bytes_of_a_body_ends(
    door: Stack, impatient: str, between: bytes
) -> None:
    """Extensions of chunks, and fields behind the last one."""
    with opened(impatient) as line:
        head = (
            f"POST /scene HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.token('read')}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        line.sendall(head.encode() + between)
        with pytest.raises(ConnectionError):
            line.sendall(b"x" * 16 * MB)


def received(line: socket.socket) -> bytes:
    """Everything until the end of the connection."""
    found = b""
    while part := line.recv(4096):
        found += part
    return found
