"""The shortest way to the operations that answer in about a millisecond: their route is found by
its path, ahead of middleware and router (``python -m trials.bench.gateway`` measures it)."""

from collections.abc import Iterable

from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from earshot.analysis.errors import EarshotError
from gateway import problems
from gateway.door import Door
from gateway.problems import Problem
from gateway.request_id import stamped


class Express:
    """ASGI application in front of FastAPI. What is not one of these requests passes unchanged."""

    def __init__(self, app: FastAPI, routes: Iterable[Door]) -> None:
        self._app = app
        self._routes = {
            (method, route.path): route for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = scope["type"] == "http" and self._routes.get((scope["method"], scope["path"]))
        if not route:
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        send = stamped(scope, send)
        try:
            await route.handle(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except (Problem, EarshotError) as error:
            await problems.answer(Request(scope), error)(scope, receive, send)
        except Exception:  # as Starlette does: the server logs it
            await problems.failure(Request(scope))(scope, receive, send)
            raise
