"""Recordings on web servers: read below a root, never from an internal address, never without
end."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from earshot.analysis.errors import BadAudio, EarshotError, Forbidden, Permanent, Unavailable
from earshot.audio.store.fetch import Limits, fetch
from earshot.audio.store.source import confine, open_source
from earshot.net.addresses import is_public

SOUND = bytes(range(256)) * 4096
QUICK = Limits(max_bytes=2 * len(SOUND), silent_sec=0.5, total_sec=2.0)


class Pages(BaseHTTPRequestHandler):
    """``/calls/`` is the root of the tests."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name = self.path.rpartition("/")[2].partition("?")[0]
        if name.startswith("to-"):
            self.send_response(302)
            self.send_header(
                "Location", {"to-inside": "sound.wav", "to-loop": "to-loop"}.get(name, LEADS[name])
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif name.isdigit():
            self.send_error(int(name))
        elif name == "slow.wav":
            self._slow()
        elif name == "slow-headers.wav":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(SOUND) + (name == "short.wav")))
            self.end_headers()
            self.wfile.write(SOUND)
            self.close_connection = True

    def _slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        self._drip(b"x" * 100)

    def _drip(self, content: bytes) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client has gone
            for byte in content:  # one now and then, without end as far as the client can tell
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


LEADS = {
    "to-inside": "",
    "to-loop": "",
    "to-outside": "/secret.wav",
    "to-dots": "/calls/../secret.wav",
    "to-other": "http://localhost:1/calls/a.wav",
    "to-file": "file:///etc/passwd",
}


@pytest.fixture
def server() -> Iterator[str]:
    Pages.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join()


class OverIPv6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def test_a_server_may_be_named_by_its_ipv6_address() -> None:
    try:
        running = OverIPv6(("::1", 0), Pages)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    port = running.server_address[1]
    try:
        root = f"http://[::1]:{port}/calls"
        with open_source(f"{root}/sound.wav", (root,), "file:///nowhere", (f"::1:{port}",)) as file:
            assert file.reader().read() == SOUND
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def got(url: str, root: str, *internal: str) -> bytes:
    copy = io.BytesIO()
    fetch(url, copy, lambda each: confine(each, (root,), "file:///nowhere"), internal, QUICK)
    return copy.getvalue()


@pytest.mark.parametrize(
    "name", ["sound.wav", "to-inside", "with%20space.wav?signed=a%2Fb&x=1", "with space.wav"]
)
def test_a_named_server_is_read(server: str, name: str) -> None:
    root = f"http://{server}/calls"
    with open_source(f"{root}/{name}", (root,), "file:///nowhere", (server,)) as file:
        assert file.reader().read() == SOUND
    assert not file.path.exists()


def test_no_internal_address_is_asked_unless_it_is_named(server: str) -> None:
    for host in (
        server,
        server.replace("127.0.0.1", "localhost"),
        server.replace("127.0.0.1", "0.0.0.0"),
    ):
        root = f"http://{host}/calls"
        with pytest.raises(Forbidden, match="EARSHOT_INTERNAL_HOSTS") as caught:
            got(f"{root}/sound.wav", root, "127.0.0.1:1")
        assert caught.value.code == "internal_address"
    assert Pages.asked == []


@pytest.mark.parametrize("name", [name for name in LEADS if name not in ("to-inside", "to-loop")])
def test_no_redirection_leads_out_of_the_root(server: str, name: str) -> None:
    root = f"http://{server}/calls"
    with pytest.raises(Forbidden) as caught:
        got(f"{root}/{name}", root, server)
    assert caught.value.code == "outside_roots"
    assert Pages.asked == [f"/calls/{name}"]


def test_a_redirection_to_an_internal_server_is_checked_like_the_first_one(server: str) -> None:
    """Even where the roots allow it."""
    copy = io.BytesIO()
    with pytest.raises(Forbidden) as caught:
        fetch(f"http://{server}/calls/to-other", copy, lambda each: each, (server,), QUICK)
    assert caught.value.code == "internal_address"


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("to-loop", Forbidden, "redirections"),
        ("404", BadAudio, "missing"),
        ("403", Forbidden, "unreadable"),
        ("418", Permanent, "http_status"),
        ("503", Unavailable, "source_unavailable"),
        ("short.wav", Unavailable, "source_unavailable"),
        ("slow.wav", Unavailable, "source_unavailable"),
        ("slow-headers.wav", Unavailable, "source_unavailable"),
    ],
)
def test_what_cannot_be_read_says_why(
    server: str, name: str, kind: type[EarshotError], code: str
) -> None:
    root = f"http://{server}/calls"
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        got(f"{root}/{name}", root, server)
    assert caught.value.code == code
    assert len(str(caught.value).splitlines()) == 1
    assert time.monotonic() - started < 2 * QUICK.total_sec


def test_a_line_that_is_not_encrypted_is_not_read_as_if_it_were(server: str) -> None:
    with pytest.raises(Unavailable, match="SSL"):
        got(f"https://{server}/calls/sound.wav", f"https://{server}/calls", server)
    assert Pages.asked == []


def test_more_than_the_limit_is_not_kept(server: str) -> None:
    root = f"http://{server}/calls"
    copy = io.BytesIO()
    with pytest.raises(Permanent) as caught:
        fetch(f"{root}/sound.wav", copy, str, (server,), QUICK._replace(max_bytes=len(SOUND) - 1))
    assert caught.value.code == "too_large"
    assert copy.getvalue() == b""
    with pytest.raises(Permanent) as caught:  # without saying beforehand how much comes
        fetch(f"{root}/slow.wav", copy, str, (server,), QUICK._replace(max_bytes=3))
    assert caught.value.code == "too_large"
    assert len(copy.getvalue()) <= 3


def test_a_server_that_is_silent_or_away_is_tried_again_later() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as silent:  # listens, and nobody answers
        host = f"127.0.0.1:{silent.server_address[1]}"
        with pytest.raises(Unavailable, match="timed out"):
            got(f"http://{host}/calls/a.wav", f"http://{host}/calls", host)
    with pytest.raises(Unavailable, match="refused"):
        got(f"http://{host}/calls/a.wav", f"http://{host}/calls", host)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *(
            "::1",
            "::",
            "fe80::1",
            "fe80::1%lo",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::"),
        *(
            "::127.0.0.1",
            "::10.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b:1::1",
            "64:ff9b:1:808:8:800::",
        ),
    ],
)
def test_internal_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "2606:4700:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)
