"""Copies a recording from a web server, without ever being led to an address inside the operator's
own network."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from earshot.analysis.errors import BadAudio, Forbidden, Permanent, Unavailable
from earshot.analysis.urls import shown
from earshot.audio.store.layout import store_errors
from earshot.net.addresses import PORTS
from earshot.net.client import BROKEN, FAILED, Client, Response, checked_client
from earshot.net.retry import is_passing

HOPS = 5


class Limits(NamedTuple):
    """What a server may cost."""

    max_bytes: int = 8 * 1024**3
    silent_sec: float = 30.0
    """Without a byte."""
    total_sec: float = 900.0
    """Redirections included."""


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
    with checked_client(internal_hosts, limits.silent_sec, limits.total_sec) as client:
        for _ in range(HOPS):
            with _answer(client, url) as answer:
                if answer.status_code not in (301, 302, 303, 307, 308):
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
def _answer(client: Client, url: str) -> Iterator[Response]:
    """The server's answer, read to its headers; failures on the way become ``Unavailable``."""
    parts = urlsplit(url)
    # The path goes out as it is written, for a signature may cover every character of it; user and
    # password of a URL are not sent.
    path = quote(
        parts._replace(scheme="", netloc="", fragment="").geturl() or "/", safe="%/?:@!$&'()*+,;=~"
    )
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    try:
        with client.stream("GET", server, extensions={"target": path.encode()}) as answer:
            yield answer
    except BROKEN as error:
        raise Unavailable(
            "source_unavailable",
            f"{shown(url)} cannot be read: {str(error) or type(error).__name__}",
        ) from error
    except FAILED as error:
        raise Permanent("http_status", f"{shown(url)} cannot be read: {error}") from error


def _copy(url: str, answer: Response, target: IO[bytes], limits: Limits) -> None:
    _check_status(url, answer.status_code)
    left = limits.max_bytes
    if int(answer.headers.get("Content-Length", 0)) > left:
        raise _too_large(url, limits)
    for block in answer.iter_raw():
        left -= len(block)
        if left < 0:
            raise _too_large(url, limits)
        with store_errors("the temporary copy of a remote recording"):
            target.write(block)


def _check_status(url: str, status: int) -> None:
    if status in (404, 410):
        raise BadAudio("missing", f"{shown(url)} does not exist (any more)")
    if status in (401, 403):
        raise Forbidden("unreadable", f"{shown(url)} may not be read: its server answers {status}")
    if is_passing(status):
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
