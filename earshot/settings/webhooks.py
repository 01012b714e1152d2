"""Settings of event streams and webhooks."""

from typing import Annotated

from pydantic import BaseModel, Field

HOUR = 3600.0


class Webhooks(BaseModel):
    """Fields for what the gateway sends without being asked each time."""

    event_streams: Annotated[int, Field(ge=1)] = 1000
    """Open streams of ``/events`` for each server process, and half of it for each tenant; further
    ones are refused (503, 429)."""
    event_origins: tuple[str, ...] = ()
    """Origins (``https://host``) whose pages may open the WebSocket, besides the gateway's own."""
    webhook_retry_sec: tuple[Annotated[float, Field(ge=0)], ...] = (
        5,
        300,
        0.5 * HOUR,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
    )
    """Pauses between the attempts of a delivery, each varied by a quarter; after the last one it is
    dead. The default is the schedule of Standard Webhooks: ten attempts in 75.6 hours."""
    webhook_timeout_sec: Annotated[float, Field(gt=0, le=60)] = 15.0
    """Time for an endpoint to answer."""
    webhook_failing_days: Annotated[float, Field(gt=0)] = 5.0
    """An endpoint without a success for this long is disabled."""
    webhook_senders: Annotated[int, Field(ge=1, le=64)] = 16
    """Requests in flight for each server process: a quarter to one endpoint, half for one tenant,
    less while others wait."""
