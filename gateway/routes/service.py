"""The gateway itself: health, readiness, metrics, tickets."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.postgres.tokens import Scope
from earshot.storage.redis import client as redis
from earshot.storage.redis import tickets
from gateway.door import Caller, Door, admit, operation

router = APIRouter(route_class=Door, tags=["service"])


class Health(BaseModel):
    """The gateway answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: str = "ok"


class Ticket(BaseModel):
    """A ticket for one request of a client that cannot send headers."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "eat_Vx3k...", "expires_in": 30}]}
    )

    ticket: str
    expires_in: int
    """Seconds."""


@router.get("/health", summary="Whether the gateway answers", **operation(None))
async def health() -> Health:
    return Health()


@router.get(
    "/ready",
    summary="Whether the gateway can take requests: Postgres and Redis answer",
    **operation(Scope.READ),
)
def ready() -> Health:
    with redis.lost_connections():
        redis.impatient().ping()
    with db.pooled() as connection:
        connection.execute("SELECT 1")
    return Health()


@router.get(
    "/metrics",
    summary="Metrics in the text format of Prometheus",
    response_class=Response,
    **operation(
        None,
        answers={
            401: "No valid token, where `EARSHOT_METRICS_OPEN` is false.",
            429: "Too many requests, where `EARSHOT_METRICS_OPEN` is false.",
        },
    ),
)
async def metrics(request: Request) -> Response:
    if not settings().metrics_open:
        await admit(request, Scope.READ)
    text = await run_in_threadpool(lambda: generate_latest(_registry()))  # may read files
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """What this process counts, or all of them where there are several (``gateway.spread``)."""
    if settings().gateway_processes == 1:
        return REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found


@router.post(
    "/tickets",
    summary="A ticket for a browser's EventSource or WebSocket",
    status_code=201,
    **operation(Scope.READ),
)
def ticket(request: Request) -> Ticket:
    caller: Caller = request.state.caller
    issued = tickets.issue(redis.client(), caller._asdict())
    return Ticket(ticket=issued, expires_in=tickets.VALID_SEC)
