"""Sends deliveries that are due, in threads of each server process.

Any number of processes may send: each claims what it sends for a time. What a process claimed that
was killed is sent again afterwards, so that an endpoint may receive it twice.
"""

import logging
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.webhooks import sending
from earshot.storage.webhooks.sending import Share
from gateway.webhooks.attempt import attempt

log = logging.getLogger(__name__)

POLL_SEC = 1.0
"""Deliveries that are due are looked for this often."""
RETRY_SEC = 2.0
ENDPOINT_PART = 4
"""An endpoint has at most one part in so many of the threads, so that a slow one leaves some to the
others of its tenant."""
SLACK_SEC = 45.0
"""A claim lasts for this long behind the timeout of its request; resolving a name may take long."""


class Sender:
    """Claims deliveries for its idle threads. ``start`` and ``stop`` it."""

    def __init__(self) -> None:
        self._size = settings().webhook_senders
        self._busy: Counter[str] = Counter()
        """Requests in flight for each tenant."""
        self._served: dict[str, int] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(self._size, "webhook")
        self._dispatcher = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._dispatcher.start()

    def wake(self) -> None:
        """There may be something to send."""
        self._something.set()

    def stop(self) -> None:
        """Claims nothing further, and waits for the requests in flight."""
        self._stopped.set()
        self.wake()
        self._dispatcher.join(2 * RETRY_SEC)
        self._threads.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._something.wait(POLL_SEC)
            self._something.clear()
            try:
                self._claim()
            except Unavailable as error:
                log.warning("webhooks wait for Postgres: %s", error)
                self._stopped.wait(RETRY_SEC)
            except Exception:
                log.exception("the sender of webhooks failed, and continues")
                self._stopped.wait(RETRY_SEC)

    def _claim(self) -> None:
        with self._lock:
            idle = self._size - self._busy.total()
            shares = [Share(name, self._busy[name], last) for name, last in self._served.items()]
        if idle == 0 or self._stopped.is_set():
            return
        lease_sec = settings().webhook_timeout_sec + SLACK_SEC
        each = max(1, self._size // ENDPOINT_PART)
        with db.pooled() as connection:
            claimed = sending.claim(connection, idle, each, lease_sec, self._size, shares)
        for delivery in claimed:
            with self._lock:
                self._number += 1
                self._busy[delivery.tenant] += 1
                self._served[delivery.tenant] = self._number
            done = partial(self._done, delivery.tenant)
            self._threads.submit(attempt, delivery).add_done_callback(done)

    def _done(self, tenant: str, future: Future[None]) -> None:
        with self._lock:
            self._busy[tenant] -= 1
        error = future.exception()
        if isinstance(error, Unavailable):
            log.warning("a delivery is sent again, since its outcome was not stored: %s", error)
        elif error is not None:
            log.error("a delivery failed, and is sent again", exc_info=error)
        self.wake()
