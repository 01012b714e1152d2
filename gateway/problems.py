"""Errors as problem details (RFC 9457): one shape for every status of every operation."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Match

from earshot.analysis.errors import EarshotError, Forbidden, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_SEC = 5


class ProblemDetails(BaseModel):
    """The body of every error."""

    type: str = Field("about:blank", description="Always `about:blank`: `code` names the problem.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One line for people, with a remedy where there is one.")
    code: str = Field(description="A stable word for programs.")
    request_id: str = Field(description="Also in the header `X-Request-ID`, and in the logs.")
    errors: list[dict[str, Any]] | None = Field(
        None, description="The invalid parts of the request: `loc`, `msg` and `type` of each."
    )


class Problem(HTTPException):
    """Ends a request with this status. An ``HTTPException``, which FastAPI lets through where it
    reads bodies."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **further: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code, self.further = code, further


def response(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **further: Any,
) -> Response:
    """The problem as a response."""
    title = HTTPStatus(status).phrase
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        **further,
    }
    return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)


def not_found() -> Problem:
    """The one answer about what does not exist and what belongs to another tenant."""
    return Problem(404, "not_found", "There is nothing under this address.")


def gone() -> Problem:
    """The answer about what was deleted."""
    return Problem(410, "deleted", "The recording was deleted.")


def of_error(error: EarshotError) -> Problem:
    """The problem for an error of the library."""
    if isinstance(error, Unavailable):
        after = {"Retry-After": str(RETRY_SEC)}
        return Problem(503, error.code, str(error), after, **error.facts)
    if error.code == "deleted":
        return gone()
    if error.code == "on_hold":
        return Problem(409, error.code, str(error))
    if error.code == "too_large":
        return Problem(413, error.code, str(error), None, **error.facts)
    return Problem(403 if isinstance(error, Forbidden) else 422, error.code, str(error))


def answer(request: Request, error: Problem | EarshotError) -> Response:
    """The response for an error that was raised on purpose."""
    found = error if isinstance(error, Problem) else of_error(error)
    return response(
        request_id(request),
        found.status_code,
        found.code,
        found.detail,
        found.headers,
        **found.further,
    )


def failure(request: Request) -> Response:
    """The response for any other exception, which the log has."""
    return response(
        request_id(request),
        500,
        "internal_error",
        "The gateway failed; its log has the reason under the request's id.",
    )


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Registers the handlers of all exceptions.

    Args:
        routes: of all routers; the application itself has the routers only.
    """

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(EarshotError)
    async def known(request: Request, error: EarshotError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        parts = [
            {"loc": list(each["loc"]), "msg": said(each["msg"]), "type": each["type"]}
            for each in found
            if not any(_is_within(each["loc"], other["loc"]) for other in found)
        ]
        first = parts[0]
        place = ".".join(map(str, first["loc"]))
        return response(
            request_id(request),
            422,
            "invalid_request",
            f"{place}: {first['msg']}",
            errors=parts,
        )

    @app.exception_handler(HTTPException)
    async def by_status(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        detail = {
            404: "There is nothing under this address.",
            405: f"{request.url.path} does not answer {request.method}.",
        }.get(error.status_code, str(error.detail))
        headers = {**(error.headers or {})}
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(methods(request, routes)))
        return response(request_id(request), error.status_code, code, detail, headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return failure(request)


def _is_within(place: Sequence[object], other: Sequence[object]) -> bool:
    """Whether the other place is inside this one: a list whose only item is invalid is then called
    too short as well, which it is not."""
    return len(place) < len(other) and other[: len(place)] == place


def said(message: str) -> str:
    """A message of Pydantic's, without its words for errors of our validators."""
    return message.removeprefix("Value error, ")


def methods(request: Request, routes: Sequence[BaseRoute]) -> set[str]:
    """Methods of all operations with the request's path; Starlette names those of the first."""
    return {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in getattr(route, "methods", None) or ()
    }


def request_id(request: HTTPConnection) -> str:
    """The id that ``gateway.request_id`` gave to the request."""
    return str(request.scope.get("request_id", "-"))
