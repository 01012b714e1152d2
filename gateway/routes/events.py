"""Events as they happen: Server-Sent Events and a WebSocket."""

from collections.abc import Collection
from contextlib import ExitStack
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, WebSocket
from pydantic import BaseModel, Field, ValidationError

from earshot.analysis.errors import Unavailable
from earshot.storage.postgres.tokens import Scope
from gateway.door import Caller, Door, operation
from gateway.events import following, socket
from gateway.events.following import Wanted
from gateway.events.hub import Hub
from gateway.events.kinds import EVENT_TYPES
from gateway.events.sse import EventStream
from gateway.problems import Problem, of_error, request_id, response, said

router = APIRouter(route_class=Door, tags=["events"])

EXAMPLE = """id: 812
event: position
data: {"position": 812}

id: 813
event: recording.completed
data: {"id":"7f2f2a9e-5d0c-5b53-8d2b-3f3b8f6f2a11","type":"recording.completed",\
"recording_id":"018f9f4e-8f0a-7c2e-9d68-0f5f7f0a9b1c","state":"complete","file_name":"call.wav",\
"duration_ms":61000,"round":1}

"""

Types = Annotated[
    list[str] | None,
    Query(
        description=f"Types of events, repeated or separated by commas: {', '.join(EVENT_TYPES)}."
        " Default: all.",
        examples=[["recording.completed", "emergency"]],
    ),
]
Position = Annotated[int, Field(ge=0, le=2**63 - 1)]
OfRecording = Annotated[UUID | None, Query(description="Events of this recording only.")]


@router.get(
    "/events",
    summary="Events as they happen, as Server-Sent Events",
    response_class=EventStream,
    **operation(
        Scope.READ,
        answers={422: "A parameter is invalid."},
        responses={
            "200": {
                "description": "The stream. `id` is the position among the tenant's events,"
                " `event` the type, `data` the event. `gap`: events were removed before they were"
                " read. `position`: where the stream stands.",
                "content": {"text/event-stream": {"schema": {}, "example": EXAMPLE}},
            }
        },
    ),
)
async def stream(
    request: Request,
    types: Types = None,
    recording_id: OfRecording = None,
    last_event_id: Annotated[
        Position | None, Query(description="As the header, for a first connection.")
    ] = None,
    everything: Annotated[
        int | None, Query(alias="from", ge=0, le=0, description="`0`: all kept events first.")
    ] = None,
    resumed: Annotated[
        Position | None,
        Header(alias="Last-Event-ID", description="Position of the last event that was read."),
    ] = None,
) -> EventStream:
    """Without a position the stream has new events only. It resumes behind the one of
    `Last-Event-ID`. A comment comes every 15 s when there is nothing else."""
    caller: Caller = request.state.caller
    hub: Hub = request.app.state.hub
    wanted = Wanted(caller.tenant, _known(types or ()), recording_id)
    after = last_event_id if resumed is None else resumed
    with ExitStack() as held:
        held.enter_context(hub.room.taken(caller))
        begin = await following.start(hub, caller.tenant, after, everything is not None)
        return EventStream(following.follow(hub, caller, wanted, begin), held.pop_all())


@router.websocket("/events")
async def events(websocket: WebSocket) -> None:
    """The same by WebSocket: messages `{"position", "event"}`, `{"gap"}`, `{"position"}`."""
    hub: Hub = websocket.app.state.hub
    with ExitStack() as held:
        try:
            caller = await socket.admit_socket(websocket, Scope.READ)
            asked = _asked(websocket)
            wanted = Wanted(caller.tenant, _known(asked.types), asked.recording_id)
            held.enter_context(hub.room.taken(caller))
            begin = await following.start(
                hub, caller.tenant, asked.after, asked.everything is not None
            )
        except Unavailable as error:
            await deny(websocket, of_error(error))
            return
        except Problem as problem:
            await deny(websocket, problem)
            return
        await socket.send_all(
            websocket,
            following.follow(hub, caller, wanted, begin),
            lambda: not hub.invalid(caller.token),
        )


class Asked(BaseModel):
    """The query of the WebSocket; read by hand, since FastAPI would judge it before the token."""

    types: list[str] = []
    recording_id: UUID | None = None
    after: Position | None = None
    everything: Annotated[int | None, Field(alias="from", ge=0, le=0)] = None


def _asked(websocket: WebSocket) -> Asked:
    query = websocket.query_params
    given = {name: query[name] for name in ("recording_id", "after", "from") if name in query}
    try:
        return Asked.model_validate({**given, "types": query.getlist("types")})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        detail = f"query.{place}: {said(first['msg'])}"
        raise Problem(422, "invalid_request", detail) from error


def _known(types: Collection[str]) -> frozenset[str]:
    named = frozenset(name.strip() for each in types for name in each.split(",") if name.strip())
    unknown = sorted(named - set(EVENT_TYPES))
    if unknown:
        raise Problem(
            422,
            "invalid_request",
            f"query.types: {', '.join(unknown)[:200]}; there are {', '.join(EVENT_TYPES)}",
        )
    return named


async def deny(websocket: WebSocket, problem: Problem) -> None:
    """Answers the handshake with the problem."""
    headers: dict[str, Any] = {**(problem.headers or {})}
    await websocket.send_denial_response(
        response(request_id(websocket), problem.status_code, problem.code, problem.detail, headers)
    )
