"""What an endpoint is sent: a thin body, and its signatures."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from standardwebhooks import Webhook

from earshot.storage.webhooks.endpoints import Secret

MOST_BYTES = 20_000
"""Bodies are smaller (Standard Webhooks)."""
KEPT = {
    "classification": ("chunk", "start_ms", "end_ms", "round"),
    "emergency": ("chunk", "start_ms", "end_ms", "label", "confidence", "pattern"),
    "recording.completed": ("state", "duration_ms", "round"),
    "recording.failed": ("state", "round"),
    "recording.corrected": ("version", "round", "corrections", "conflicts"),
    "recording.deleted": ("why", "deleted_at"),
    "rule.matched": ("name", "rule", "version", "start_ms", "end_ms", "hits"),
    "release.drifted": ("analysis", "release", "figure", "psi", "null", "n"),
}
"""Fields of each type that are sent besides the ids: numbers and labels."""


def body(event: Mapping[str, Any], occurred_at: datetime, public_url: str) -> bytes:
    """The body for an event: its type and time, ids, labels, and links to the rest.

    Args:
        event: the event as published.
        public_url: of the gateway, without a slash at its end.
    """
    kind, recording_id = str(event["type"]), event.get("recording_id")
    data: dict[str, Any] = {"id": event["id"]}
    if recording_id is not None:
        data["recording_id"] = recording_id
    data |= {name: event[name] for name in KEPT.get(kind, ()) if name in event}
    if kind == "classification":
        data["labels"] = _labels(event)
    if kind == "recording.failed" and event.get("error"):
        data["code"] = event["error"]["code"]
    if recording_id is not None:
        data["links"] = _links(kind, recording_id, public_url)
    sent = {"type": kind, "timestamp": occurred_at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(sent, separators=(",", ":")).encode()


def _labels(event: Mapping[str, Any]) -> dict[str, Any]:
    """Analysis to label and confidence."""
    return {
        name: {key: value[key] for key in ("label", "confidence") if key in value}
        for name, value in event.items()
        if isinstance(value, Mapping) and "label" in value
    }


def _links(kind: str, recording_id: str, public_url: str) -> dict[str, str]:
    name = quote(str(recording_id), safe="")
    events = f"{public_url}/events?from=0&recording_id={name}"
    if kind == "recording.deleted":
        return {"events": events}
    links = {"recording": f"{public_url}/recordings/{name}", "events": events}
    if kind in ("recording.completed", "recording.corrected", "rule.matched"):
        links["report"] = f"{public_url}/recordings/{name}/report"
    return links


def headers(id: UUID, at: datetime, content: bytes, secrets: Sequence[Secret]) -> dict[str, str]:
    """The headers of a request, signed with each of the secrets.

    Args:
        id: of the delivery, the same in each attempt.
        at: time of this attempt.
    """
    text = content.decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": str(id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(each.secret).sign(str(id), at, text) for each in secrets
        ),
    }
