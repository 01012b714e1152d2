"""The types of events that streams and webhooks may be asked for."""

from typing import Literal, get_args

EventType = Literal[
    "classification",
    "emergency",
    "recording.completed",
    "recording.failed",
    "recording.corrected",
    "recording.deleted",
    "rule.matched",
    "release.drifted",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
