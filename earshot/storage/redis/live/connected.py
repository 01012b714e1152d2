"""Redis for event loops."""

from redis._parsers import _AsyncRESP3Parser
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from earshot.analysis.errors import Misconfigured
from earshot.settings import settings
from earshot.storage.redis.client import AWAY, judged
from earshot.storage.redis_url import client_options

BLOCK_MS = 1000
"""Longest wait of a blocking read; below the timeout of a connection."""


class AsyncParser(_AsyncRESP3Parser):
    """As ``earshot.storage.redis.client.Parser``."""

    @classmethod
    def parse_error(cls, response: str) -> Exception:
        return judged(super().parse_error(response), response)  # type: ignore[no-untyped-call]


def connect() -> Redis:
    """A client of the Redis of the settings, for one event loop. It has a connection for each
    command that waits, and retries through a short restart.

    Raises:
        Misconfigured: no URL is set.
    """
    url = settings().redis_url
    if not url:
        raise Misconfigured("redis_url", "no Redis: run `earshot up`, or set EARSHOT_REDIS_URL")
    return Redis.from_url(
        url,
        parser_class=AsyncParser,
        socket_connect_timeout=5,
        socket_timeout=5,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=6),
        retry_on_error=list(AWAY),
        **client_options(url, settings().redis_ca),
    )
