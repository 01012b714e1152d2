"""Gives each request an id, and returns it in ``X-Request-ID``."""

from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestId:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = scope["request_id"] = uuid4().hex

        async def stamped(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", given.encode()),
                ]
            await send(message)

        await self.app(scope, receive, stamped)
