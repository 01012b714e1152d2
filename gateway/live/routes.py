"""``WS /transcribe/stream``."""

import json
from contextlib import ExitStack
from uuid import uuid4

from fastapi import APIRouter, WebSocket

from earshot.analysis.errors import EarshotError
from earshot.settings import settings
from earshot.storage.postgres.tokens import Scope
from earshot.storage.redis.client import AWAY, away
from earshot.storage.redis.live import clients, connected
from earshot.storage.redis.live.clients import Opened
from earshot.storage.redis.live.keys import Session
from gateway.events import socket
from gateway.events.hub import Hub
from gateway.live.asked import Asked, asked, digest, new_secret
from gateway.live.connection import Connection, Started
from gateway.live.metrics import REFUSED, SESSIONS
from gateway.problems import Problem, of_error
from gateway.routes.events import deny

router = APIRouter(tags=["sessions"])

FULL = 1013
"""Close code: try again later."""
AGAIN_MS = 5000


@router.websocket("/transcribe/stream")
async def stream(websocket: WebSocket) -> None:
    """Live transcription: frames of sound in, words out."""
    hub: Hub = websocket.app.state.hub
    with ExitStack() as held:
        try:
            caller = await socket.admit_socket(websocket, Scope.WRITE)
            wanted = asked(websocket, caller.tenant)
            held.enter_context(hub.room.taken(caller))
            started = await _started(websocket, wanted, caller.tenant)
        except AWAY as error:
            await deny(websocket, of_error(away(error)))
            return
        except EarshotError as error:
            await deny(websocket, of_error(error))
            return
        except Problem as problem:
            await deny(websocket, problem)
            return
        await socket.accept(websocket)
        if isinstance(started, Opened):
            REFUSED.inc()
            code = "full" if started.room else "no_live_process"
            reason = {"code": code, "retry_after_ms": AGAIN_MS}
            await websocket.close(FULL, json.dumps(reason))
            return
        await Connection(websocket, started, lambda: _ending(hub, caller.token)).run()


def _ending(hub: Hub, token: str) -> int | None:
    """The close code of connections of this token; None while they may stay."""
    if hub.invalid(token):
        return socket.NOT_ALLOWED
    return socket.RESTARTS if hub.ended(token) else None


async def _started(websocket: WebSocket, wanted: Asked, tenant: str) -> Started | Opened:
    """The session, a new one or one that is continued; ``Opened`` where it is not admitted.

    Raises:
        Problem: 404, there is no such session of the tenant, or its token is another.
    """
    state = websocket.app.state
    redis = state.live = state.live or connected.connect()
    if wanted.session_id is None or wanted.resume_token is None:
        session, secret = Session(str(uuid4())), new_secret()
        about = wanted.about(tenant, session.id)
        opened = await clients.open_session(
            redis, session, about, digest(secret), settings().live_kept_sec
        )
        if not opened.admitted:
            return opened
        SESSIONS.inc()
        return Started(redis, session, secret, 1, 0, wanted.sound, 0)
    session = Session(str(wanted.session_id))
    found = await clients.attach(redis, session, digest(wanted.resume_token))
    if found is None or found.about["tenant"] != tenant:
        raise Problem(404, "not_found", "There is no such session to continue (any more).")
    kept = Asked(format=found.about["format"], rate=found.about["rate"]).sound
    return Started(
        redis, session, wanted.resume_token, found.epoch, found.frames, kept, wanted.after
    )
