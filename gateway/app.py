"""The gateway's ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway import background, problems
from gateway.express import Express
from gateway.live import routes as live
from gateway.problems import ProblemDetails
from gateway.request_id import RequestId
from gateway.roles import routes as roles
from gateway.routes import (
    classify,
    corrections,
    events,
    exports,
    holds,
    noise,
    page,
    peaks,
    pools,
    recordings,
    reruns,
    service,
    sessions,
    submissions,
    transcribe,
    transcriptions,
    unreported,
    uploads,
    webhooks,
)
from gateway.rules import routes as rules
from gateway.short import models

ROUTERS = (
    classify.router,
    noise.router,
    service.router,
    submissions.router,
    uploads.router,
    recordings.router,
    exports.router,
    peaks.router,
    corrections.router,
    roles.router,
    reruns.router,
    holds.router,
    sessions.router,
    unreported.router,
    transcribe.router,
    live.router,
    transcriptions.router,
    events.router,
    pools.router,
    webhooks.router,
    rules.router,
    page.router,
)
"""The first is found first: its requests are the most frequent and the shortest."""

DESCRIPTION = """Analyses recordings: scene, noise, words, speakers, emotion and sentiment.

Every operation with a lock needs a token: `Authorization: Bearer ear_...`. Errors are problem
details (RFC 9457). Times are integer milliseconds of the recording."""


def create() -> FastAPI:
    """The application; what it needs for its life is started and stopped by its lifespan."""
    app = FastAPI(
        title="Earshot",
        version="1.0",
        description=DESCRIPTION,
        lifespan=_lifespan,
        redirect_slashes=False,
        openapi_url=None,  # published as docs/openapi.json; only /health and /metrics are open
        docs_url=None,
        redoc_url=None,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app, [route for router in ROUTERS for route in router.routes])
    app.add_middleware(RequestId)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def served() -> Express:
    """The same as the server runs it."""
    return Express(
        create(), (route for route in classify.router.routes if isinstance(route, classify.Lean))
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with models.running() as app.state.models, background.running(app):
        yield


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        parts = made.setdefault("components", {})
        parts.setdefault("securitySchemes", {})["bearer"] = {"type": "http", "scheme": "bearer"}
        schemas = parts.setdefault("schemas", {})
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
        app.openapi_schema = made
    return app.openapi_schema
