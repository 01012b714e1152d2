"""Room for streams: how many may be open, of one tenant and of all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from gateway.door import Caller
from gateway.problems import Problem

TENANT_PART = 2
"""A tenant has at most one part in so many of the streams."""
AGAIN_SEC = 10

STREAMS = Gauge("earshot_event_streams", "Open streams of events.", multiprocess_mode="livesum")


class Room:
    """The open streams of this process. Belongs to the event loop; ``tokens`` may be read
    anywhere."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_tenant = max(1, most // TENANT_PART)
        self._of_token: Counter[str] = Counter()
        self._of_tenant: Counter[str] = Counter()

    @contextmanager
    def taken(self, caller: Caller) -> Iterator[None]:
        """Counts a stream from the moment that it is admitted, so that those that begin at the same
        time count too.

        Raises:
            Problem: 429, the tenant has its share; 503, the process has no room.
        """
        self._admit(caller.tenant)
        self._of_token[caller.token] += 1
        self._of_tenant[caller.tenant] += 1
        STREAMS.inc()
        try:
            yield
        finally:
            STREAMS.dec()
            _less(self._of_token, caller.token)
            _less(self._of_tenant, caller.tenant)

    def tokens(self) -> set[str]:
        """Ids of the tokens that have streams."""
        return set(self._of_token)

    def _admit(self, tenant: str) -> None:
        after = {"Retry-After": str(AGAIN_SEC)}
        if self._of_tenant[tenant] >= self._most_of_tenant:
            detail = f"Your tenant has {self._most_of_tenant} open streams at this server already."
            raise Problem(429, "too_many_streams", detail, after)
        if self._of_tenant.total() >= self._most:
            detail = f"This server has {self._most} open streams already."
            raise Problem(503, "too_many_streams", detail, after)


def _less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
