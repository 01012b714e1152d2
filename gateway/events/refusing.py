"""WebSockets that are refused with a response, and those whose sound is not read for a while."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class RefusingProtocol(WebSocketsSansIOProtocol):
    """Uvicorn takes a handshake that was refused with a response for one that the application left
    open, and logs an error for it: one for each client without a token."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True  # as uvicorn does after `websocket.close`

    def keepalive_timeout(self) -> None:
        """Where nothing is read because the application is not ready for more, the pong may be
        behind what waits: uvicorn would close the connection of a client that is there."""
        if not self.read_paused:
            super().keepalive_timeout()
            return
        self.pong_timer = self.pending_ping_payload = None
        self.schedule_ping()
