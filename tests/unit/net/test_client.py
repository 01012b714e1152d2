"""The HTTP client: connections are reused, only checked addresses are reached, nothing secret is
logged."""

import json
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme

from earshot.analysis.errors import Unavailable
from earshot.models.asr.endpoint import AT_A_TIME, AsrEndpoint, Endpoint
from earshot.net.client import FAILED, Reused, checked_client

SECOND = np.full(16_000, 0.25, np.float32)


class Server(ThreadingHTTPServer):
    """Answers every POST with a transcript, over TLS where it has a context, and counts."""

    def __init__(self, tls: ssl.SSLContext | None, drops: Callable[[int], bool]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tls, self.drops = tls, drops
        self.connections = self.handshakes = 0
        self.requests: list[dict[str, str]] = []

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
            self.handshakes += 1
        with suppress(ConnectionError):
            super().finish_request(request, client_address)
        request.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_port}/asr?key=s3cret"

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    answered = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(dict(self.headers))
        if self.server.drops(self.answered):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.answered += 1
        body = json.dumps({"text": "hello"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "replica=1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(
    tls: ssl.SSLContext | None = None, drops: Callable[[int], bool] = lambda _: False
) -> Iterator[Server]:
    """Args:
    drops: number of answers that a connection has had to whether it is closed without another.
    """
    with Server(tls, drops) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.daemon_threads = True
            server.block_on_close = False
            server.shutdown()
            thread.join()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server whose authority this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def recogniser(server: Server) -> AsrEndpoint:
    return AsrEndpoint(Endpoint(server.url, "t0ken", 10.0), (server.name,))


def test_one_tls_handshake_serves_every_utterance(tls: ssl.SSLContext) -> None:
    with serving(tls) as server:
        model = recogniser(server)
        for _ in range(5):
            (found,) = model.transcribe([SECOND], ["en"], ())
            assert [word.text for word in found.words] == ["hello"]
        assert (len(server.requests), server.handshakes) == (5, 1)
        model.transcribe([SECOND] * 40, ["en"] * 40, ())
        assert len(server.requests) == 45
        assert server.handshakes <= AT_A_TIME


def test_a_server_whose_authority_is_unknown_is_not_asked(tls: ssl.SSLContext) -> None:
    os.environ.pop("SSL_CERT_FILE")
    with serving(tls) as server, pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        recogniser(server).transcribe([SECOND], ["en"], ())
    assert server.requests == []


def test_a_forked_child_opens_connections_of_its_own(tls: ssl.SSLContext) -> None:
    with serving(tls) as server:
        model = recogniser(server)
        model.transcribe([SECOND], ["en"], ())
        child = os.fork()
        if child == 0:
            try:
                model.transcribe([SECOND], ["en"], ())
            finally:
                os._exit(7 if len(model._http._clients) == 2 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        model.transcribe([SECOND], ["en"], ())
        assert (len(server.requests), server.handshakes) == (3, 2)


def test_an_idle_connection_that_the_server_has_closed_is_opened_again() -> None:
    with serving(drops=lambda answered: answered == 2) as server:
        model = recogniser(server)
        for _ in range(4):
            model.transcribe([SECOND], ["en"], ())
        assert server.connections == 2
        assert len(server.requests) == 5  # the third was asked twice


def test_a_new_connection_that_is_closed_without_an_answer_is_no_reason_to_ask_again() -> None:
    with serving(drops=lambda _: True) as server:
        with pytest.raises(Unavailable, match="disconnected"):
            recogniser(server).transcribe([SECOND], ["en"], ())
        assert len(server.requests) == 1


def test_neither_urls_nor_tokens_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving() as server:
        recogniser(server).transcribe([SECOND], ["en"], ())
        assert server.requests[0]["Authorization"] == "Bearer t0ken"
    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text


def test_requests_go_through_no_proxy_and_bring_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve names again; a cookie would tie an endpoint's client to one replica."""
    with serving() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        http = Reused((server.name,), 10.0, 1)
        assert [http.post(server.url, b"{}", {}, 100).status for _ in range(2)] == [200, 200]
        assert all("Cookie" not in each for each in server.requests)


def test_an_answer_is_read_to_its_limit() -> None:
    with serving() as server:
        http = Reused((server.name,), 10.0, 1)
        assert http.post(server.url, b"{}", {}, 8).body == b'{"text":'


def test_the_deadline_of_a_client_counts_from_its_opening() -> None:
    with serving() as server, checked_client((server.name,), total_sec=0.0) as client:
        with pytest.raises(FAILED, match="within 0 s"):
            client.post(server.url)
        assert server.requests == []
