"""A load generator that takes little of the processors that it shares with the server: one process,
one thread, sockets that are kept, and requests that are made once."""

import select
import socket
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from trials.bench.bare import sound

LONGEST_SEC = 30.0
"""Without any answer."""


class Load(NamedTuple):
    """What the clients met."""

    answered: int
    errors: int
    seconds: float
    ms: list[float]
    """Of each answer."""


def idle(url: str, token: str, calls: int) -> list[float]:
    """Milliseconds of each of so many requests, one after the other on one connection."""
    whole, took = request(url, token), []
    with _connected(url) as line:
        for _ in range(calls):
            began = time.perf_counter()
            line.sendall(whole)
            answer = b""
            while not _is_whole(answer):
                part = line.recv(65_536)
                if not part:
                    raise ConnectionError(f"the gateway closed the connection behind {answer!r}")
                answer += part
            took.append((time.perf_counter() - began) * 1000)
            if not _is_scene(answer):
                raise ConnectionError(f"the gateway answered {answer!r}")
    return took


def load(url: str, token: str, clients: int, seconds: float) -> Load:
    """So many clients, each of which asks again as soon as it is answered, for that time."""
    whole, took, errors = request(url, token), list[float](), 0
    lines = {line.fileno(): line for line in (_connected(url) for _ in range(clients))}
    answers, began_at = dict.fromkeys(lines, b""), dict.fromkeys(lines, 0.0)
    watched = select.epoll()
    for number, line in lines.items():
        watched.register(number, select.EPOLLIN)
        began_at[number] = time.perf_counter()
        line.sendall(whole)
    began = time.perf_counter()
    end = began + seconds
    while (now := time.perf_counter()) < end:
        ready = watched.poll(LONGEST_SEC)
        if not ready:
            raise TimeoutError(f"no answer within {LONGEST_SEC} s")
        for number, _ in ready:
            part = lines[number].recv(65_536)
            answer = answers[number] = answers[number] + part
            if part and not _is_whole(answer):
                continue
            now = time.perf_counter()
            took.append((now - began_at[number]) * 1000)
            errors += not _is_scene(answer)
            if not part:
                raise ConnectionError(f"the gateway closed a connection behind {answer!r}")
            answers[number], began_at[number] = b"", now
            lines[number].sendall(whole)
    lasted = time.perf_counter() - began
    for line in lines.values():
        line.close()
    watched.close()
    return Load(len(took) - errors, errors, lasted, took)


def request(url: str, token: str) -> bytes:
    """A request with one second of sound."""
    body = sound().tobytes()
    head = (
        f"POST /scene HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _connected(url: str) -> socket.socket:
    address = urlsplit(url)
    line = socket.create_connection((address.hostname, address.port), timeout=LONGEST_SEC)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _is_whole(answer: bytes) -> bool:
    """A scene ends with two braces, a problem with one."""
    return answer.endswith(b"}}" if answer.startswith(b"HTTP/1.1 200 ") else b"}")


def _is_scene(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200 ") and b'"label":' in answer
