"""Decides on every request before a byte of its body is read: token, scope, rate and length.

Each operation names the scope that it needs (``operation``); the decision is one function for HTTP
and WebSocket. FastAPI itself reads and stores a whole form before a dependency runs, so the
decision lies in the route.
"""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from earshot.analysis.errors import EarshotError
from earshot.settings import settings
from earshot.settings.intake import Intake
from earshot.storage.postgres import db, tokens
from earshot.storage.postgres.tokens import Scope
from earshot.storage.redis import client as redis
from earshot.storage.redis import tickets
from gateway.body import Body, has_body, judge_length
from gateway.problems import Problem, of_error
from gateway.rate import address_of, count_failure, keep_to_rate, refuse_failing

NEEDS = "x-scope"
"""Key of an operation in the OpenAPI document: the scope of its token, or ``none``."""
LONGEST = "x-max-bytes"
"""Key of an operation in the OpenAPI document: the longest body."""
SMALL_BYTES = 1 << 16
UPLOAD_BYTES: int = Intake.model_fields["max_upload_mb"].default * 1_000_000 + SMALL_BYTES
"""Longest form with a file by the default setting, which stands for the setting itself."""
KNOWN_SEC = 5.0
"""A token is looked up again after this time: a revoked one works no longer than that."""
KNOWN_MOST = 10_000


class Caller(NamedTuple):
    """Whose request it is."""

    token: str
    """Id of the token."""
    tenant: str
    scope: Scope


_known: dict[str, tuple[float, Caller]] = {}


async def admit(connection: HTTPConnection, needed: Scope) -> Caller:
    """The caller of a request or of a WebSocket.

    Raises:
        Problem: 401, no valid token or ticket; 403, its scope does not include ``needed``; 429, too
            many requests, of the token or, without a valid one, of the address; 503, Postgres does
            not answer.
    """
    caller = await _caller(connection)
    if caller is None:
        raise Problem(
            401,
            "unauthorized",
            "Send a valid token as `Authorization: Bearer ear_...`; `earshot token create` makes"
            " one.",
            {"WWW-Authenticate": "Bearer"},
        )
    if not caller.scope.includes(needed):
        raise Problem(
            403,
            "forbidden",
            f"This needs a token with the scope `{needed}`; this one has `{caller.scope}`.",
        )
    await keep_to_rate(caller.token)
    return caller


async def _caller(connection: HTTPConnection) -> Caller | None:
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret.strip():
        return await _of_token(secret.strip(), address_of(connection))
    ticket = _ticket(connection)
    reads = connection.scope["type"] == "websocket" or connection.scope["method"] == "GET"
    if not (reads and tickets.FORM.fullmatch(ticket)):  # one never buys another
        return None
    address = address_of(connection)
    refuse_failing(address)
    found = await run_in_threadpool(_redeem, ticket, connection.url.path)
    if found is None:
        await count_failure(address)
    return found


def _ticket(connection: HTTPConnection) -> str:
    """The ticket of the query, or among the subprotocols that a browser's WebSocket offers; empty
    without one."""
    offered = connection.scope.get("subprotocols", ())
    among = next((each for each in offered if tickets.FORM.fullmatch(each)), "")
    return connection.query_params.get("ticket", among)


async def _of_token(secret: str, address: str) -> Caller | None:
    known = _known.get(secret)
    if known and known[0] > time.monotonic():
        return known[1]
    if not tokens.FORM.fullmatch(secret):
        return None
    if known is None:  # those that were valid are not affected by others of their address
        refuse_failing(address)
    found = await run_in_threadpool(_find, secret)
    if found is None:
        _known.pop(secret, None)
        await count_failure(address)
        return None
    if len(_known) >= KNOWN_MOST:
        _known.clear()
    _known[secret] = (time.monotonic() + KNOWN_SEC, found)
    return found


def _find(secret: str) -> Caller | None:
    with db.pooled() as connection:
        found = tokens.find(connection, secret)
    return Caller(str(found.id), found.tenant, found.scope) if found else None


def _redeem(ticket: str, path: str) -> Caller | None:
    found = tickets.redeem(redis.client(), ticket, path)
    if found is None:
        return None
    with db.pooled() as connection:
        if not tokens.valid(connection, [found["token"]]):
            return None
    return Caller(found["token"], found["tenant"], Scope(found["scope"]))


class Door(APIRoute):
    """A route that admits requests before it reads them. ``request.state.caller`` is the
    ``Caller``."""

    async def handle(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        extra: Mapping[str, Any] = self.openapi_extra or {}
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)  # 405
            return
        longest = longest_upload() if extra[LONGEST] == UPLOAD_BYTES else extra[LONGEST]
        try:
            if extra[NEEDS] != "none":
                request = Request(scope)
                request.state.caller = await admit(request, Scope(extra[NEEDS]))
            judge_length(scope, longest)
        except EarshotError as error:
            raise _closing(of_error(error), scope) from error
        except Problem as problem:
            raise _closing(problem, scope) from None
        body = Body(scope, receive, send, longest)
        await self.answer(scope, body.receive, body.send)

    async def answer(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answers an admitted request, by FastAPI."""
        await super().handle(scope, receive, send)


def longest_upload() -> int:
    """Bytes of the longest form with a file."""
    return settings().max_upload_mb * 1_000_000 + SMALL_BYTES


def _closing(problem: Problem, scope: AsgiScope) -> Problem:
    """The problem with the end of the connection where a body would follow, which is not read."""
    if has_body(scope):
        problem.headers = {**(problem.headers or {}), "Connection": "close"}
    return problem


def operation(
    needed: Scope | None,
    longest: int | None = SMALL_BYTES,
    answers: Mapping[int, str] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Arguments of a route: ``@router.get("/path", **operation(Scope.READ))``.

    Args:
        needed: scope of the token; None for an open operation.
        longest: bytes of the longest body; None for an upload, which ``max_upload_mb`` bounds.
        answers: further error statuses, with what they mean.
        extra: further parts of the operation in the OpenAPI document.
    """
    statuses = {
        **(
            {
                401: "No valid token.",
                403: "The scope of the token does not include this.",
                429: "Too many requests.",
            }
            if needed
            else {}
        ),
        413: f"The body is longer than {longest} bytes."
        if longest
        else "The body is longer than `EARSHOT_MAX_UPLOAD_MB` allows.",
        503: "A service does not answer.",
        **(answers or {}),
    }
    return {
        "openapi_extra": {
            NEEDS: needed or "none",
            LONGEST: UPLOAD_BYTES if longest is None else longest,
            "security": [{"bearer": []}] if needed else [],
            **extra,
        },
        "responses": {
            status: {
                "description": meaning,
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/ProblemDetails"}
                    }
                },
            }
            for status, meaning in statuses.items()
        },
    }
