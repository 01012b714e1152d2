"""The WebSocket of events: who may open it, and what it sends."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from earshot.analysis.errors import EarshotError
from earshot.settings import settings
from earshot.storage.postgres.tokens import Scope
from gateway.door import Caller, admit
from gateway.events.following import Message
from gateway.events.sse import first_of
from gateway.problems import Problem, of_error

log = logging.getLogger(__name__)

PROTOCOL = "earshot.v1"
RESTARTS, NOT_ALLOWED = 1012, 1008
"""Close codes: the gateway stops; the token is no longer valid."""


async def admit_socket(socket: WebSocket, needed: Scope) -> Caller:
    """The caller of a WebSocket that is not yet accepted, decided by ``admit``.

    Raises:
        Problem: as ``admit``; 403 also for a browser's page of another origin.
    """
    try:
        _check_origin(socket)
        return await admit(socket, needed)
    except EarshotError as error:
        raise of_error(error) from error


def _check_origin(socket: WebSocket) -> None:
    origin = socket.headers.get("origin")
    if origin is None:
        return  # no browser
    own = {socket.headers.get("host"), urlsplit(settings().public_url).netloc}
    if origin.partition("://")[2] not in own and origin not in settings().event_origins:
        raise Problem(
            403,
            "foreign_origin",
            f"Add {origin} to EARSHOT_EVENT_ORIGINS if its pages may connect.",
        )


async def accept(socket: WebSocket) -> None:
    """Accepts the WebSocket; the subprotocol is named if the client offers it, and no other part of
    its offer, which may hold a ticket."""
    offered = socket.scope.get("subprotocols", ())
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)


async def send_all(
    socket: WebSocket, batches: AsyncIterator[list[Message]], may_return: Callable[[], bool]
) -> None:
    """Accepts the WebSocket, and sends messages until they end or the client leaves.

    Args:
        may_return: whether the client may connect again with the same token, at the end.
    """
    await accept(socket)
    await first_of(_send_all(socket, batches, may_return), _disconnected(socket))


async def _send_all(
    socket: WebSocket, batches: AsyncIterator[list[Message]], may_return: Callable[[], bool]
) -> None:
    try:
        async for batch in batches:
            for message in batch:
                async with asyncio.timeout(settings().silent_sec):
                    await socket.send_text(encoded(message))
        async with asyncio.timeout(settings().silent_sec):
            await socket.close(RESTARTS if may_return() else NOT_ALLOWED)
    except TimeoutError:
        log.warning("a reader of events took nothing for %.0f s", settings().silent_sec)
    except WebSocketDisconnect:
        return


async def _disconnected(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass  # a client has nothing to say


def encoded(message: Message) -> str:
    """A message as JSON: ``{"position", "event"}``, ``{"gap"}`` or ``{"position"}``."""
    if message.kind == "event":
        return f'{{"position":{message.place},"event":{message.text}}}'
    if message.kind == "gap":
        return f'{{"gap":{message.text}}}'
    return json.dumps({"position": message.place})
