"""Gives each request an id, and returns it in ``X-Request-ID``."""

from random import Random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_random = Random()
"""Ids are no secrets; each from the system's source would be a call of the kernel."""


class RequestId:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, stamped(scope, send))


def stamped(scope: Scope, send: Send) -> Send:
    """Gives the request an id, and returns a ``send`` that adds it to the answer."""
    given = scope["request_id"] = f"{_random.getrandbits(128):032x}"
    header = (b"x-request-id", given.encode())

    async def with_id(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            message["headers"] = [*message.get("headers", ()), header]
        await send(message)

    return with_id
