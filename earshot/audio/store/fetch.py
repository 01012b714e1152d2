"""Copies a recording from a web server, without ever being led to an address inside the operator's
own network."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO, NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from earshot.analysis.errors import BadAudio, Forbidden, Permanent, Unavailable
from earshot.analysis.urls import shown
from earshot.audio.store.pcm import store_errors
from earshot.net.addresses import connect

PORTS = {"http": 80, "https": 443}
COPY_BYTES = 1 << 20
HOPS = 5


class Limits(NamedTuple):
    """What a server may cost."""

    max_bytes: int = 8 * 1024**3
    silent_sec: float = 30.0
    """Without a byte."""
    total_sec: float = 900.0


LIMITS = Limits()


def fetch(
    url: str,
    target: IO[bytes],
    confine: Callable[[str], str],
    internal_hosts: Collection[str] = (),
    limits: Limits = LIMITS,
) -> None:
    """Writes what lies at ``url`` to ``target``.

    Args:
        confine: gives back a URL that may be read and raises ``Forbidden`` for another; asked again
            at every redirection.
        internal_hosts: ``host:port`` of servers that may have internal addresses.

    Raises:
        Forbidden: ``internal_address``, ``outside_roots``, ``redirections``, ``unreadable``.
        BadAudio: ``missing``.
        Permanent: ``too_large``, ``http_status``.
        Unavailable: the server does not answer, or not in time.
    """
    for _ in range(HOPS):
        with _answer(urlsplit(url), internal_hosts, limits) as answer:
            if answer.status not in (301, 302, 303, 307, 308):
                _copy(url, answer, target, limits)
                return
            url = confine(urljoin(url, answer.headers.get("Location", "")))
            if urlsplit(url).scheme not in PORTS:
                raise Forbidden(
                    "outside_roots",
                    f"a web server leads to {shown(url)}; only web servers below the roots are"
                    " followed",
                )
    raise Forbidden(
        "redirections", f"more than {HOPS} redirections up to {shown(url)}; name the last one"
    )


@contextmanager
def _answer(
    url: SplitResult, internal_hosts: Collection[str], limits: Limits
) -> Iterator[http.client.HTTPResponse]:
    """The server's answer, read to its headers; whatever goes wrong on the line becomes
    ``Unavailable``."""
    host, port = url.hostname or "", url.port or PORTS[url.scheme]
    wanted = quote(
        url._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="%/?:@!$&'()*+,;=~"
    )
    try:
        line = connect(host, port, f"{host}:{port}" in internal_hosts, limits.silent_sec)
        with _cut_after(limits.total_sec, line):
            kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
            if url.scheme == "https":
                kind, line = (
                    http.client.HTTPSConnection,
                    ssl.create_default_context().wrap_socket(line, server_hostname=host),
                )
            with closing(line), closing(kind(host, port)) as connection:
                connection.sock = line
                connection.request("GET", wanted)
                yield connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            "source_unavailable",
            f"{shown(url.geturl())} cannot be read: {error or type(error).__name__}",
        ) from error


@contextmanager
def _cut_after(seconds: float, line: socket.socket) -> Iterator[None]:
    """Ends the connection when its time is up: a server that sends a byte now and then would never
    run into a timeout.

    Raises:
        TimeoutError: it was cut.
    """
    spare, over = line.dup(), threading.Event()  # TLS takes the first one over

    def cut() -> None:
        over.set()
        with suppress(OSError):  # the other side was faster
            spare.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, cut)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
        spare.close()
        if over.is_set():
            raise TimeoutError(f"not all of it came within {seconds:.0f} s")


def _copy(url: str, answer: http.client.HTTPResponse, target: IO[bytes], limits: Limits) -> None:
    _check_status(url, answer.status)
    left = limits.max_bytes
    if (answer.length or 0) > left:
        raise _too_large(url, limits)
    while block := answer.read1(COPY_BYTES):
        left -= len(block)
        if left < 0:
            raise _too_large(url, limits)
        with store_errors("the temporary copy of a remote recording"):
            target.write(block)
    if answer.length:  # what its headers promised and did not come
        raise http.client.IncompleteRead(b"", answer.length)


def _check_status(url: str, status: int) -> None:
    if status in (404, 410):
        raise BadAudio("missing", f"{shown(url)} does not exist (any more)")
    if status in (401, 403):
        raise Forbidden("unreadable", f"{shown(url)} may not be read: its server answers {status}")
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable(
            "source_unavailable", f"{shown(url)} cannot be read now: its server answers {status}"
        )
    if status != 200:
        raise Permanent(
            "http_status", f"{shown(url)} is not a recording: its server answers {status}"
        )


def _too_large(url: str, limits: Limits) -> Permanent:
    return Permanent(
        "too_large", f"{shown(url)} has more than {limits.max_bytes} bytes; split the recording"
    )
