"""Decides which HTTP responses are retried, and when."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PASSING = (408, 425, 429)
"""Request Timeout, Too Early, Too Many Requests (RFC 9110, 8470, 6585)."""
ATTEMPTS = 3
"""Requests in a row without success before a caller gives up."""
PAUSE_SEC = 1.0
"""Pause before the second attempt; doubled before each further one."""
LONGEST_PAUSE_SEC = 60.0
"""Maximum pause, even if ``Retry-After`` asks for more."""


def is_passing(status: int) -> bool:
    """True for a temporary status: the same request may succeed later."""
    return status in PASSING or status >= 500


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait according to ``Retry-After`` (RFC 9110, 10.2.3); 0 if it is absent or
    invalid."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        at = parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def pause_sec(failures: int, asked_sec: float = 0.0) -> float:
    """Seconds to wait before the next attempt.

    Args:
        failures: consecutive failed attempts, from 1.
        asked_sec: result of ``retry_after``.
    """
    return min(max(PAUSE_SEC * 2.0 ** min(failures - 1, 10), asked_sec), LONGEST_PAUSE_SEC)
