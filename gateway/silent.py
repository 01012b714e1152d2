"""Disconnects clients that do not complete the head of a request in time, or within a length;
uvicorn waits for it without end, and keeps all of it."""

from asyncio import TimerHandle, Transport
from typing import Any, cast
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from earshot.settings import settings
from gateway import problems
from gateway.joined import JoinedTransport

LONGEST_HEAD = 1 << 16
"""Bytes. Also of what a body in chunks may have between its bytes and behind them."""


class ImpatientProtocol(HttpToolsProtocol):
    """A head has ``silent_sec`` from its first byte, the first one of a connection from the moment
    that it is open. Between two requests uvicorn's own ``timeout_keep_alive`` applies."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: TimerHandle | None = None
        self._begun = False
        self._kept = 0
        """Bytes since the last ones that were handed on."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(Transport, JoinedTransport(transport, self.loop)))
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._begun = True
        self._kept += len(data)
        super().data_received(data)
        between = self.cycle is None or self.cycle.response_complete
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # the latter: it has become a WebSocket
        if self._kept > LONGEST_HEAD:
            self._too_long(between)
        elif between and self._head is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._kept = 0
        self._stop()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._kept = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        joined = cast(JoinedTransport, self.transport)
        self.transport = joined.itself  # its protocol writes whole messages
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "bad_request", msg)

    def _wait(self) -> None:
        self._head = self.loop.call_later(settings().silent_sec, self._late)

    def _stop(self) -> None:
        self._begun = False
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        self._head = None
        if self._begun:
            self._refuse(408, "request_timeout", "The head of the request did not come in time.")
        else:
            self.transport.close()

    def _too_long(self, between: bool) -> None:
        self._stop()
        if between:
            detail = f"The head of the request is longer than {LONGEST_HEAD} bytes."
            self._refuse(431, "head_too_long", detail)
        else:  # the answer of the request before it, or of this one, is under way
            self.transport.abort()

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answers without the application, which knows nothing of this request."""
        given = uuid4().hex
        answer = problems.response(given, status, code, detail, {"Connection": "close"})
        fields = [*answer.raw_headers, (b"x-request-id", given.encode())]
        head = b"".join(b"%b: %b\r\n" % field for field in fields)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, bytes(answer.body)))
        self.transport.close()
