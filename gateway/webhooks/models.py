"""Requests and answers of the operations on webhooks."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from earshot.storage.postgres.deliveries import LAST_POSITION, Logged
from earshot.storage.webhooks.endpoints import Endpoint
from gateway.events.kinds import EventType

ENDPOINT: JsonDict = {
    "id": "8d0f5f0e-3f5b-4f0e-9a57-2f9d1d6c2b11",
    "url": "https://example.com/earshot",
    "types": ["recording.completed"],
    "state": "enabled",
    "reason": None,
    "failures": 0,
    "created_at": "2026-11-29T17:00:00Z",
}
DELIVERY: JsonDict = {
    "id": "0b4f7a52-5d1c-4f57-8a6e-6d1f0c6b7a10",
    "type": "recording.completed",
    "event_id": "7f2f2a9e-5d0c-5b53-8d2b-3f3b8f6f2a11",
    "recording_id": "8d1f3c52-6a0e-4f0c-9b57-2f4c8f4f6a11",
    "position": 813,
    "state": "delivered",
    "occurred_at": "2026-11-29T17:00:00Z",
    "due_at": None,
    "finished_at": "2026-11-29T17:00:01Z",
    "attempts": [
        {
            "number": 1,
            "at": "2026-11-29T17:00:01Z",
            "took_ms": 84,
            "status": 200,
            "error": None,
        }
    ],
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
"""An example."""
LONGEST_URL = 2000


PATTERN = "^https?://[!-~]+$"


def _is_endpoint(url: str) -> str:
    if not re.fullmatch(PATTERN, url):
        raise ValueError("must begin with http:// or https:// and be printable ASCII")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if not parts.hostname:
        raise ValueError("must name a host")
    if "@" in parts.netloc:
        raise ValueError("must hold no user name or password")
    return url


Url = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        json_schema_extra={"pattern": PATTERN},
        description="http or https, without credentials, in printable ASCII. Its address is checked"
        " at each connection: internal ones only if `EARSHOT_INTERNAL_HOSTS` names them.",
    ),
    AfterValidator(_is_endpoint),
]
Types = Annotated[
    list[EventType], Field(max_length=16, description="Types of events to send; empty: all.")
]


class Body(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class NewWebhook(Body):
    """A webhook to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://example.com/earshot", "types": ["recording.completed"]}]
        }
    )

    url: Url
    types: Types = []


class WebhookChange(Body):
    """What to change; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "disabled"}]})

    url: Url | None = None
    types: Types | None = None
    state: Literal["enabled", "disabled"] | None = Field(
        None, description="`disabled`: what is pending becomes dead, and can be replayed."
    )


class WebhookInfo(BaseModel):
    """A webhook."""

    model_config = ConfigDict(json_schema_extra={"examples": [ENDPOINT]})

    id: UUID
    url: str
    types: list[str]
    state: Literal["enabled", "disabled"]
    reason: str | None = Field(description="Why it is disabled.")
    failures: int = Field(description="Failed attempts since the last success.")
    created_at: datetime

    @classmethod
    def of(cls, found: Endpoint) -> Self:
        return cls.model_validate(found.model_dump(include=set(WebhookInfo.model_fields)))


class CreatedWebhook(WebhookInfo):
    """A new webhook, with its secret, which cannot be read again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**ENDPOINT, "secret": SECRET}]})

    secret: str = ""


class WebhookList(BaseModel):
    """The webhooks of the tenant, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [ENDPOINT]}]})

    items: list[WebhookInfo]


class NewSecret(BaseModel):
    """A new secret, which cannot be read again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"secret": SECRET, "old_until": "2026-11-30T17:00:00Z"}]}
    )

    secret: str
    old_until: datetime | None = Field(description="Until then the old one signs as well.")


class Queued(BaseModel):
    """A delivery that will be sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"delivery_id": DELIVERY["id"]}]})

    delivery_id: UUID


class DeliveryList(BaseModel):
    """A page of the log, the newest event first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [DELIVERY], "next": None}]})

    items: list[Logged]
    next: str | None = Field(description="`cursor` of the next page; null at the end.")


class Replay(Body):
    """What to send again: one delivery, or all that fit the other bounds. Existing deliveries keep
    their ids."""

    model_config = ConfigDict(
        json_schema_extra={"minProperties": 1, "examples": [{"state": "dead"}]}
    )

    delivery_id: UUID | None = None
    state: Literal["delivered", "dead"] | None = Field(
        None, description="Only deliveries of this state. Without it also events not sent so far."
    )
    since: AwareDatetime | None = Field(None, description="Time of the event, inclusive.")
    until: AwareDatetime | None = Field(None, description="Time of the event, exclusive.")
    after: int | None = Field(
        None, ge=0, le=LAST_POSITION, description="Position of the event, exclusive."
    )
    to: int | None = Field(
        None, ge=0, le=LAST_POSITION, description="Position of the event, inclusive."
    )

    @model_validator(mode="after")
    def _is_one_or_a_range(self) -> Self:
        bounds = (self.state, self.since, self.until, self.after, self.to)
        if (self.delivery_id is None) == all(each is None for each in bounds):
            raise ValueError("give either delivery_id, or state, since, until, after or to")
        return self


class Replayed(BaseModel):
    """How many deliveries were started again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deliveries": 2, "more": False}]})

    deliveries: int
    more: bool = Field(description="The call's limit was reached: repeat it for the rest.")
