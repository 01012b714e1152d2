"""Filters of lists."""

from fastapi import Request
from fastapi.routing import APIRoute

from gateway.problems import Problem


async def only_known(request: Request) -> None:
    """A dependency of lists: with a misspelt filter they would have everything.

    Raises:
        Problem: 422, the query has a name that the operation does not know.
    """
    route: APIRoute = request.scope["route"]
    known = {each.alias for each in route.dependant.query_params}
    unknown = sorted(set(request.query_params) - known - {"ticket"})
    if unknown:
        raise Problem(
            422,
            "unknown_parameter",
            f"There is no parameter `{ascii(unknown[0])[1:-1][:100]}`; there are"
            f" {', '.join(sorted(known))}.",
        )
