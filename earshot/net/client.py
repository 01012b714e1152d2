"""The HTTP client for requests that leave this installation.

``checked_client`` is for addresses from recordings, settings or users: it connects to internal
addresses only if they are named, and uses no proxy. ``open_client`` is for addresses from the
operator's catalog, and uses the proxy of the environment. ``Reused`` keeps a checked client for the
life of a process.
"""

import logging
import os
import ssl
from collections.abc import Collection, Mapping
from contextlib import closing
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple

import httpcore2
import httpx2

from earshot.net.lines import CheckedBackend
from earshot.net.retry import ATTEMPTS

Client = httpx2.Client
Response = httpx2.Response

DROPPED = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
"""The server closed the connection, for example because it was idle for too long."""
BROKEN = (
    *DROPPED,
    httpx2.TimeoutException,
    httpx2.NetworkError,
    httpx2.ProxyError,
    httpx2.DecodingError,
)
"""Failures of the connection: the same request may succeed later."""
FAILED = (httpx2.HTTPError, httpx2.InvalidURL)
"""Any failure of a request; those that are not ``BROKEN`` are permanent."""

SILENT_SEC = 30.0
"""Default maximum time without a byte."""
IDLE_SEC = 60.0
"""Time for which an unused connection is kept; load balancers commonly close theirs then."""

for _name in ("httpx2", "httpcore2"):  # lower levels log whole URLs, and headers with tokens
    logging.getLogger(_name).setLevel(logging.WARNING)


class Reply(NamedTuple):
    """A response, read completely."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_client(headers: Mapping[str, str] | None = None) -> Client:
    """A client without address check that follows redirects. It sends an ``Authorization`` header
    to the first host only."""
    return httpx2.Client(follow_redirects=True, timeout=SILENT_SEC, headers=_headers(headers))


def checked_client(
    internal_hosts: Collection[str],
    silent_sec: float = SILENT_SEC,
    total_sec: float | None = None,
    connections: int = 10,
    context: ssl.SSLContext | None = None,
) -> Client:
    """A client that connects to checked addresses only, keeps no cookies and follows no redirects:
    its caller checks and requests the next URL.

    Its requests raise ``Forbidden`` (``internal_address``) in addition to ``FAILED``.

    Args:
        internal_hosts: ``host:port`` of servers that may have internal addresses.
        total_sec: seconds from now after which all its requests fail; None for no deadline.
        connections: maximum number of open connections.
        context: for TLS; None for a new one, which takes milliseconds to make.
    """
    context = context or httpx2.create_ssl_context()
    transport = httpx2.HTTPTransport(verify=context)
    # HTTPTransport takes no network backend, so its pool is replaced by one with it.
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=context,
        max_connections=connections,
        keepalive_expiry=IDLE_SEC,
        network_backend=CheckedBackend(internal_hosts, total_sec),
    )
    return httpx2.Client(
        transport=transport,
        trust_env=False,
        timeout=silent_sec,
        headers=_headers(None),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def post_once(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    internal_hosts: Collection[str],
    total_sec: float,
) -> Reply:
    """Sends one request over a connection of its own, which ends after ``total_sec`` in any case.
    Keeps nothing of the response's body.

    Raises:
        Forbidden: ``internal_address``.
        FAILED: no response.
    """
    with (
        checked_client(internal_hosts, total_sec, total_sec, context=_context()) as client,
        client.stream("POST", url, content=body, headers=dict(headers)) as answer,
    ):
        return Reply(answer.status_code, answer.headers, b"")


@cache
def _context() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


class Reused:
    """A checked client that lives as long as the process, so that a TLS handshake is needed once
    per connection. A forked child opens its own client, since connections cannot be shared."""

    def __init__(
        self, internal_hosts: Collection[str], silent_sec: float, connections: int
    ) -> None:
        self._options = (tuple(internal_hosts), silent_sec, None, connections)
        self._clients: dict[int, Client] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str], most_bytes: int) -> Reply:
        """Sends a request, and repeats it if the server had closed an idle connection. Keeps at
        most ``most_bytes`` of the response.

        Raises:
            Forbidden: ``internal_address``.
            FAILED: no response.
        """
        client = self._client()
        for attempt in range(1, ATTEMPTS + 1):
            steps: list[str] = []
            request = client.build_request("POST", url, content=body, headers=dict(headers))
            request.extensions["trace"] = lambda step, _, steps=steps: steps.append(step)
            try:
                answer = client.send(request, stream=True)
            except DROPPED:
                if "connection.connect_tcp.started" in steps or attempt == ATTEMPTS:
                    raise  # a new connection: the server itself fails
                continue
            with closing(answer):
                return Reply(answer.status_code, answer.headers, _beginning(answer, most_bytes))
        raise AssertionError("every attempt returns or raises")

    def _client(self) -> Client:
        found = self._clients.get(os.getpid())
        return found or self._clients.setdefault(os.getpid(), checked_client(*self._options))


def _headers(further: Mapping[str, str] | None) -> dict[str, str]:
    # Sizes, ranges and digests refer to the stored content, not to a compressed one.
    return {"Accept-Encoding": "identity", "User-Agent": "earshot", **(further or {})}


def _beginning(answer: Response, most_bytes: int) -> bytes:
    found: list[Any] = []
    left = most_bytes
    for block in answer.iter_bytes():
        found.append(block[:left])
        left -= len(found[-1])
        if left == 0:
            break
    return b"".join(found)
