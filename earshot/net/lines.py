"""Connections of the HTTP client, opened to a checked address and limited by a deadline."""

import ssl
import time
from collections.abc import Collection, Iterable
from typing import Any

import httpcore2

from earshot.net.addresses import checked


class CheckedBackend(httpcore2.NetworkBackend):
    """Connects to the checked address itself, without resolving the name a second time."""

    def __init__(self, internal_hosts: Collection[str], total_sec: float | None) -> None:
        """Takes the hosts to accept and the deadline.

        Args:
            internal_hosts: ``host:port`` of servers that may have internal addresses.
            total_sec: seconds from now after which every operation fails; None for no deadline.
        """
        self._internal_hosts, self._total_sec = frozenset(internal_hosts), total_sec
        self._end = None if total_sec is None else time.monotonic() + total_sec
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connects to the first address that accepts a connection.

        Raises:
            Forbidden: ``internal_address``.
            httpcore2.ConnectError, httpcore2.ConnectTimeout: no address accepts a connection.
        """
        try:
            addresses = checked(host, port, f"{host}:{port}" in self._internal_hosts)
        except OSError as error:
            raise httpcore2.ConnectError(error) from error
        for address in addresses[:-1]:
            try:
                return self._stream(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue  # the next address of the same host
        return self._stream(addresses[-1], port, timeout, local_address, socket_options)

    def _stream(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore2.NetworkStream:
        left = timeout if self._end is None else _left(timeout, self._end, self._total_sec or 0.0)
        line = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
        return line if self._end is None else _Limited(line, self._end, self._total_sec or 0.0)


class _Limited(httpcore2.NetworkStream):
    """A connection with a deadline: the timeout of a single read does not limit a server that sends
    a byte now and then."""

    def __init__(self, line: httpcore2.NetworkStream, end: float, total_sec: float) -> None:
        self._line, self._end, self._total_sec = line, end, total_sec

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._line.read(max_bytes, _left(timeout, self._end, self._total_sec))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._line.write(buffer, _left(timeout, self._end, self._total_sec))

    def close(self) -> None:
        self._line.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, self._end, self._total_sec)
        line = self._line.start_tls(ssl_context, server_hostname, left)
        return _Limited(line, self._end, self._total_sec)

    def get_extra_info(self, info: str) -> Any:
        return self._line.get_extra_info(info)


def _left(timeout: float | None, end: float, total_sec: float) -> float:
    """Remaining seconds for an operation.

    Raises:
        httpcore2.ReadTimeout: the deadline has passed.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout(f"not complete within {total_sec:.0f} s")
    return left if timeout is None else min(timeout, left)
