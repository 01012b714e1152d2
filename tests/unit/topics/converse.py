"""A server that speaks Bedrock's Converse."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""In the environment, where boto3 finds them."""


class Reply(NamedTuple):
    """Status, error code or message, and a pause before it."""

    status: int = 200
    body: Any = None
    wait: float = 0.0


def used(given: Any, tool: str = "record_call", tokens: int = 100) -> Reply:
    """A model's call of the tool."""
    use = {"toolUse": {"toolUseId": "u1", "name": tool, "input": given}}
    return said([{"text": "I call it."}, use], tokens)


def said(content: list[Any], tokens: int = 100) -> Reply:
    return Reply(
        body={
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": "tool_use",
            "usage": {"inputTokens": tokens, "outputTokens": 7, "totalTokens": tokens + 7},
            "metrics": {"latencyMs": 5},
        }
    )


def error(status: int, code: str) -> Reply:
    return Reply(status, {"__type": code, "message": f"{code} happened"})


@contextmanager
def converse(replies: Sequence[Reply]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that gives these replies in order, the last one for ever; the requests it got."""
    asked: list[tuple[str, Any]] = []
    closing = Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = replies[min(len(asked), len(replies) - 1)]
            asked.append((self.path, body))
            closing.wait(reply.wait)
            data = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            if reply.status != 200:
                self.send_header("x-amzn-ErrorType", reply.body["__type"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            with suppress(ConnectionError):  # the client may have given up
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            closing.set()
            server.shutdown()
