"""Opaque places in lists."""

import base64
import json
from uuid import UUID

from pydantic import AwareDatetime, TypeAdapter

from earshot.storage.postgres.listing import Place
from gateway.problems import Problem

PLACE = TypeAdapter(tuple[AwareDatetime, UUID])


def cursor(place: Place) -> str:
    """The place as text for a client."""
    text = json.dumps([place.created_at.isoformat(), str(place.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(text: str) -> Place:
    """
    Raises:
        Problem: 422, it is no cursor.
    """
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        at, recording_id = json.loads(base64.b64decode(padded, b"-_", validate=True))
        return Place(*PLACE.validate_python((at, recording_id)))
    except (ValueError, TypeError) as error:
        raise Problem(
            422, "invalid_cursor", "`cursor` is not one that a list has returned."
        ) from error
