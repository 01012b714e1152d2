"""WebSockets that are refused with a response."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class RefusingProtocol(WebSocketsSansIOProtocol):
    """Uvicorn takes a handshake that was refused with a response for one that the application left
    open, and logs an error for it: one for each client without a token."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True  # as uvicorn does after `websocket.close`
