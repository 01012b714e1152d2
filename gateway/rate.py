"""Keeps callers to their rate. Redis counts for all processes together; a process takes requests
from it by the lot, as asking for each would take longer than answering some of them."""

import asyncio
import math
import time
from ipaddress import IPv6Network, ip_address

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage.redis import client as redis
from earshot.storage.redis import rates
from gateway.problems import Problem

LOT_SEC = 0.1
"""A lot is what the rate admits in this time, at least one request."""
KNOWN_MOST = 10_000
AWAY_SEC = 2.0
"""Time for which a Redis that did not answer is not asked: a frozen one takes two seconds each."""
FAILED_PER_SEC, FAILED_BURST = 10.0, 100
"""Look-ups of invalid tokens for one address; each asks Postgres."""


class _Counted:
    """Requests of a caller that are taken and not yet made."""

    def __init__(self) -> None:
        self.left = 0
        self.taking = asyncio.Lock()
        """Held while more are taken: of many requests at once only one takes a lot."""


class _Redis:
    """Whether it answers."""

    def __init__(self) -> None:
        self.away_until = 0.0


_callers: dict[str, _Counted] = {}
_failing: dict[str, float] = {}
"""Address to the time until which it is refused."""
_asked = _Redis()


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
    taken, wait_sec = await _taken(token, per_sec, config.requests_burst, lot)
    if not taken:
        raise _too_many(f"More than {per_sec:g} requests a second with this token.", wait_sec)
    return taken


async def _taken(caller: str, per_sec: float, burst: int, lot: int) -> tuple[int, int]:
    """As ``rates.take``. Without Redis everything is admitted: what needs it fails for itself, and
    the rest does not wait for it each time."""
    if time.monotonic() < _asked.away_until:
        return lot, 0
    try:
        return await run_in_threadpool(rates.take, redis.impatient(), caller, per_sec, burst, lot)
    except Unavailable:
        _asked.away_until = time.monotonic() + AWAY_SEC
        return lot, 0


def address_of(connection: HTTPConnection) -> str:
    """The network address that a connection comes from; of IPv6 the network of 64 bits, all of
    which one client may have."""
    host = connection.client.host if connection.client else ""
    try:
        ip = ip_address(host)
    except ValueError:
        return host
    return str(ip) if ip.version == 4 else str(IPv6Network((ip.packed[:8] + bytes(8), 64)))


def refuse_failing(address: str) -> None:
    """
    Raises:
        Problem: 429, too many requests of this address had no valid token.
    """
    wait_sec = _failing.get(address, 0.0) - time.monotonic()
    if wait_sec > 0:
        raise _too_many("Too many requests without a valid token.", math.ceil(wait_sec))


async def count_failure(address: str) -> None:
    """Counts a token or a ticket that was looked up and is not valid."""
    taken, wait_sec = await _taken(f"failed:{address}", FAILED_PER_SEC, FAILED_BURST, 1)
    if not taken:
        if len(_failing) >= KNOWN_MOST:
            _failing.clear()
        _failing[address] = time.monotonic() + wait_sec


def _too_many(detail: str, wait_sec: int) -> Problem:
    return Problem(429, "too_many_requests", detail, {"Retry-After": str(wait_sec)})
