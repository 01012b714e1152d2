"""An HTTP server that receives webhooks and behaves as it is told by a test."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook, WebhookVerificationError

from cli.localstack import waiting
from tests.servers import free_port


class Answer(NamedTuple):
    """What the receiver answers."""

    status: int = 200
    headers: Mapping[str, str] = {}
    after_sec: float = 0.0


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    content: bytes
    began: float
    """Monotonic time."""
    answered: float
    status: int
    is_genuine: bool | None = None
    """Whether the receiver's secret verified it when it came; None without a secret."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The body, after the reference library has verified it."""
        found: dict[str, Any] = Webhook(secret).verify(self.content, self.headers)
        return found


@dataclass
class Receiver:
    """The server; ``decide`` chooses each answer."""

    port: int = field(default_factory=free_port)
    decide: Callable[[str, dict[str, str]], Answer] = lambda path, headers: Answer()
    requests: list[Received] = field(default_factory=list)
    secret: str | None = None
    """Verifies each request when it comes."""
    _server: ThreadingHTTPServer | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path}"

    def at(self, path: str, status: int | None = None) -> list[Received]:
        """Requests to a path, in the order of their answers."""
        return [
            each
            for each in list(self.requests)
            if each.path == f"/{path}" and status in (None, each.status)
        ]

    def wait(
        self, path: str, number: int, status: int | None = None, sec: float = 30
    ) -> list[Received]:
        """The requests to a path as soon as there are so many."""
        assert waiting.became(lambda: len(self.at(path, status)) >= number, sec), self.at(path)
        return self.at(path, status)

    def verify(self, content: bytes, headers: dict[str, str]) -> bool | None:
        """What the reference library says of a request that comes now."""
        if self.secret is None:
            return None
        try:
            Webhook(self.secret).verify(content, headers)
        except WebhookVerificationError:
            return False
        return True

    def open(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                began = time.monotonic()
                content = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = outer.decide(self.path, headers)
                time.sleep(answer.after_sec)
                genuine = outer.verify(content, headers)
                now = time.monotonic()
                outer.requests.append(
                    Received(self.path, headers, content, began, now, answer.status, genuine)
                )
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Connections are refused from now on."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.open()
    try:
        yield receiver
    finally:
        receiver.close()
