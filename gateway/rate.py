"""Keeps callers to their rate. Redis counts for all processes together; a process takes requests
from it by the lot, as asking for each would take longer than answering some of them."""

import asyncio

from starlette.concurrency import run_in_threadpool

from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage.redis import client as redis
from earshot.storage.redis import rates
from gateway.problems import Problem

LOT_SEC = 0.1
"""A lot is what the rate admits in this time, at least one request."""
KNOWN_MOST = 10_000


class _Counted:
    """Requests of a caller that are taken and not yet made."""

    def __init__(self) -> None:
        self.left = 0
        self.taking = asyncio.Lock()
        """Held while more are taken: of many requests at once only one takes a lot."""


_callers: dict[str, _Counted] = {}


async def keep_to_rate(token: str) -> None:
    """Counts a request of this token.

    Raises:
        Problem: 429, too many requests.
    """
    counted = _callers.get(token)
    if counted is None:
        if len(_callers) >= KNOWN_MOST:
            _callers.clear()
        counted = _callers[token] = _Counted()
    if not counted.left:
        async with counted.taking:
            if not counted.left:
                counted.left = await _take(token)
    counted.left = max(counted.left - 1, 0)


async def _take(token: str) -> int:
    config = settings()
    per_sec, lot = config.requests_per_sec, max(1, int(config.requests_per_sec * LOT_SEC))
    try:
        taken, wait_sec = await run_in_threadpool(
            rates.take, redis.impatient(), token, per_sec, config.requests_burst, lot
        )
    except Unavailable:
        return 1  # requests that need Redis fail for themselves
    if not taken:
        raise Problem(
            429,
            "too_many_requests",
            f"More than {per_sec:g} requests a second with this token.",
            {"Retry-After": str(wait_sec)},
        )
    return taken
