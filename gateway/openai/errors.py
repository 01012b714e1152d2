"""Errors as OpenAI's clients read them: the member ``error`` beside those of a problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from earshot.analysis.errors import EarshotError
from gateway.door import Door
from gateway.problems import Problem, of_error, said

NAMES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
"""Status to the code that clients of OpenAI's API know it by; other codes are the problem's."""
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class OpenAiDoor(Door):
    """A route whose errors have the member ``error``. It calls its endpoint with the request, and
    sends the response that it returns."""

    async def handle(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        with shaped():
            await super().handle(scope, receive, send)

    async def answer(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        response = await self.endpoint(Request(scope, receive))
        await response(scope, receive, send)


@contextmanager
def shaped() -> Iterator[None]:
    """Raises every error as a ``Problem`` with the member ``error``."""
    try:
        yield
    except EarshotError as error:
        raise with_error(of_error(error)) from error
    except Problem as problem:
        raise with_error(problem) from problem.__cause__


def with_error(problem: Problem) -> Problem:
    """The problem with the member ``error``."""
    problem.further["error"] = body(problem)
    return problem


def body(problem: Problem) -> dict[str, Any]:
    """``message``, ``type``, ``param`` and ``code`` of a problem."""
    status = problem.status_code
    return {
        "message": problem.detail,
        "type": TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error"),
        "param": problem.further.get("param"),
        "code": NAMES.get(status, problem.code),
    }


@contextmanager
def bad_requests() -> Iterator[None]:
    """Raises what is wrong with a form as 400, as OpenAI answers it; elsewhere it is 422."""
    try:
        yield
    except RequestValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        raise refused(name, "invalid_value", f"{name}: {said(first['msg'])}") from error
    except Problem as problem:
        if problem.status_code == 422:
            problem.status_code = 400
        raise


def refused(param: str, code: str, detail: str, status: int = 400) -> Problem:
    """An option, or its value, that is not taken."""
    return Problem(status, code, detail, param=param)
