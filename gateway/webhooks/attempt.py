"""One attempt of a delivery: the request, and what its answer means."""

import random
import time
from datetime import UTC, datetime

from prometheus_client import Counter

from earshot.analysis.errors import Forbidden, one_line
from earshot.net.client import FAILED, Reply, post_once
from earshot.net.retry import retry_after
from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.webhooks import endpoints, sending
from earshot.storage.webhooks.sending import Delivery, Outcome
from gateway.webhooks import messages

GONE = 410
BUSY = (429, 502, 503, 504)
"""Statuses whose ``Retry-After`` is kept to."""
LONGEST_ASKED_SEC = 86_400.0
VARIED = 0.25
"""Pauses vary by this share, so that failed deliveries do not come back all at once."""
DAY_SEC = 86_400

ATTEMPTS = Counter("earshot_webhook_attempts", "Requests to webhooks.", ("outcome",))


def attempt(delivery: Delivery) -> None:
    """Sends a delivery once, and stores how it ended.

    Raises:
        Unavailable: Postgres does not answer; the delivery is sent again when its claim ends.
    """
    reply, outcome = _send(delivery)
    with db.pooled() as connection:
        if reply is not None and 200 <= reply.status < 300:
            ATTEMPTS.labels("delivered").inc()
            sending.succeeded(connection, delivery, outcome)
            return
        ATTEMPTS.labels("failed").inc()
        asked_sec = 0.0
        if reply is not None and reply.status in BUSY:
            asked_sec = min(retry_after(reply.headers), LONGEST_ASKED_SEC)
        is_gone = reply is not None and reply.status == GONE
        days = settings().webhook_failing_days
        given_up = sending.failed(
            connection,
            delivery,
            outcome,
            wait_sec=None if is_gone else pause_sec(delivery.attempts, asked_sec),
            asked_sec=asked_sec,
            give_up_sec=days * DAY_SEC,
        )
        if is_gone:
            endpoints.disable(connection, delivery.webhook_id, "it answered 410 Gone")
        elif given_up:
            reason = f"no success for {days:g} days"
            endpoints.disable(connection, delivery.webhook_id, reason)


def _send(delivery: Delivery) -> tuple[Reply | None, Outcome]:
    content = messages.body(delivery.body, delivery.occurred_at, settings().public_url)
    began = time.monotonic()
    reply, error = None, None
    try:
        reply = post_once(
            delivery.url,
            content,
            messages.headers(
                delivery.id, datetime.now(UTC), content, endpoints.current(delivery.secrets)
            ),
            settings().internal_hosts,
            settings().webhook_timeout_sec,
        )
    except Forbidden:  # its text names the address, which is the operator's affair
        error = "the host has an internal address, which EARSHOT_INTERNAL_HOSTS does not name"
    except FAILED as failure:
        error = one_line(failure)
    else:
        if 300 <= reply.status < 400:
            error = "redirects are not followed"
    took_ms = round((time.monotonic() - began) * 1000)
    return reply, Outcome(took_ms, reply.status if reply else None, error)


def pause_sec(attempts: int, asked_sec: float) -> float | None:
    """Seconds before the next attempt, by the schedule and by what the endpoint asked for; None
    when there is none.

    Args:
        attempts: number of attempts that were made.
    """
    schedule = settings().webhook_retry_sec
    if attempts > len(schedule):
        return None
    varied = schedule[attempts - 1] * random.uniform(1 - VARIED, 1 + VARIED)
    return max(varied, asked_sec)
