"""Messages that nobody can work on, made by rule: whatever a field may hold, something else stands
in it."""

import base64
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tasks.messages.embeds import Options
from tasks.messages.envelope import MOST_BYTES, MOST_JOB_BYTES, Headers, Properties

Sent = tuple[str, bytes]
"""Queue and message."""

OTHER: tuple[Any, ...] = (
    *(
        -1,
        1.5,
        10**15,
        1e300,
        float("nan"),
        float("-inf"),
        True,
        [],
        [1],
        ["a", 7],
        {},
        {"a": 1},
        [[]],
    ),
    *(
        {"__type__": name, "__value__": "2026"}
        for name in ("decimal", "bytes", "base64", "date", "time", "other")
    ),
    *(
        {"__type__": "uuid", "__value__": "2026"},
        {"__type__": "datetime", "__value__": 2026},
        {"__type__": [], "__value__": {}},
    ),
    *(
        "",
        "two words",
        "line\nbreak",
        "nul\x00",
        "bell\x07",
        "x" * 300,
        "x" * 5000,
        "tomorrow",
        "\u202eabc",
    ),
)
"""Values of each kind that JSON has, none of them a date to come, and of those that kombu writes as
typed values."""
FAR = (timedelta(days=2), timedelta(days=400), timedelta(days=30_000))
UNKNOWN = ("traceparent", "sentry-trace", "baggage", "x-tenant", "x-" + "y" * 200, "über", "a b")


def message(task: str, *args: Any, queue: str = "ingest") -> dict[str, Any]:
    """As Celery's protocol 2 wants it, with the body still to be encoded."""
    return {
        "body": [
            list(args),
            {},
            {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
        ],
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"id": str(uuid4()), "task": task},
        "properties": {
            "delivery_tag": str(uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue},
            "body_encoding": "base64",
        },
    }


def encoded(parsed: dict[str, Any]) -> bytes:
    body = base64.b64encode(json.dumps(parsed["body"]).encode()).decode()
    return json.dumps({**parsed, "body": body}).encode()


def about_nothing() -> dict[str, Any]:
    """One that is worked on, and then put aside: there is no such recording."""
    return message("finalize.recording", str(uuid4()), queue="finalize")


def changed(base: dict[str, Any], value: Any, *path: Any) -> dict[str, Any]:
    """The message with another value at one place."""
    found = copy.deepcopy(base)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return found


def envelopes() -> Iterator[Sent]:
    """Another value in each header and property that is known, and headers and properties that are
    not."""
    for name in Headers.model_fields:
        for value in OTHER:
            yield "finalize", encoded(changed(about_nothing(), value, "headers", name))
    for name in (*Properties.model_fields, "delivery_tag", "delivery_info"):
        for value in OTHER:
            yield "finalize", encoded(changed(about_nothing(), value, "properties", name))
    for name in UNKNOWN:
        for value in OTHER:
            yield "finalize", encoded(changed(about_nothing(), value, "headers", name))
            yield "finalize", encoded(changed(about_nothing(), value, "properties", name))
    for name in ("body", "content-type", "content-encoding", "headers", "properties"):
        for value in OTHER:
            yield (
                "finalize",
                json.dumps({**json.loads(encoded(about_nothing())), name: value}).encode(),
            )
    for ahead in FAR:
        for name in ("eta", "expires")[: 2 if ahead > FAR[0] else 1]:
            at = (datetime.now(UTC) + ahead).isoformat()
            yield "finalize", encoded(changed(about_nothing(), at, "headers", name))
    for name in ("eta", "expires"):
        yield (
            "finalize",
            encoded(changed(about_nothing(), "0001-01-01T00:00:00+14:00", "headers", name)),
        )


def embeds() -> Iterator[Sent]:
    """Callbacks, chains and chords that are none, or that lead out of this service."""
    for name in ("callbacks", "errbacks", "chain", "chord", "called_back"):
        for value in OTHER:
            yield "finalize", encoded(changed(about_nothing(), value, "body", 2, name))
    good = {
        "task": "upkeep.relay",
        "args": [],
        "kwargs": {},
        "options": {},
        "subtask_type": None,
        "immutable": True,
    }
    for name in good:
        for value in OTHER:
            signature = changed(good, value, name)
            if signature not in ({**good, "options": {}}, {**good, "kwargs": {}}):
                yield (
                    "finalize",
                    encoded(
                        changed(
                            about_nothing(), [{**signature, "args": "none"}], "body", 2, "chain"
                        )
                    ),
                )
    for name in Options.model_fields:
        signature = changed(good, {"a": 1}, "options", name)
        yield "finalize", encoded(changed(about_nothing(), [signature], "body", 2, "errbacks"))
    for signature in (
        {**good, "task": "their.task"},
        {**good, "task": "celery.map"},
        {**good, "options": {"queue": "theirs"}},
        {**good, "task": "celery.group", "kwargs": {"tasks": [{**good, "task": "their.task"}]}},
        {**good, "task": "celery.chord", "kwargs": {"header": [good], "body": None}},
    ):
        yield "finalize", encoded(changed(about_nothing(), signature, "body", 2, "chord"))


def requests() -> Iterator[Sent]:
    """Requests whose fields are of another type, too long, or hold what no name has."""
    good = message("ingest.recording", {"uri": "file:///calls/7.wav"})
    wrong: dict[str, tuple[Any, ...]] = {
        "uri": tuple(value for value in OTHER if not isinstance(value, str)),
        "recording_id": OTHER,
        "file_name": ("", "x" * 2000, 7, [], {}),
        "analyses": (7, "scene", [7], ["x" * 5000], ["scene"] * 1000, {}),
        "roles": (7, "agent", ["Agent Smith"], ["agent"] * 9),
        "language": (7, "klingon!", "x" * 300, []),
        "speakers": (7, {"min": 9, "max": 1}, {"min": 10**9}, []),
        "force": ("perhaps", 7, []),
        "accept_truncated": ("perhaps", 7, []),
        "fore": (True,),
    }
    for name, values in wrong.items():
        for value in values:
            yield "ingest", encoded(changed(good, value, "body", 0, 0, name))
    for control in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029):
        yield (
            "ingest",
            encoded(changed(good, f"file:///calls/{chr(control)}7.wav", "body", 0, 0, "uri")),
        )
        yield "celery", encoded(changed(good, f"7{chr(control)}.wav", "body", 0, 0, "file_name"))


def jobs(job: dict[str, Any]) -> Iterator[Sent]:
    """Jobs, and batches to merge, whose fields are of another type or out of bounds.

    Args:
        job: one that is none of these.
    """
    good = message("analyze.scene", job, queue="scene")
    for name in ("batch_id", "release", "chunks", "sent_at", "gate", "analysis"):
        for value in (-1, float("nan"), float("inf"), 10**15, "x" * 300, [], [1], {"a": 1}):
            yield "scene", encoded(changed(good, value, "body", 0, 0, name))
    for name in (
        "recording_id",
        "index",
        "round",
        "start_ms",
        "sample_rate",
        "channels",
        "native_rate",
        "speech",
        "speakers",
    ):
        for value in (-2, 1.5, 10**15, "x", [1], {"a": 1}):
            yield "scene", encoded(changed(good, value, "body", 0, 0, "chunks", 0, name))
    for name in ("name", "uri", "sha256", "labels"):
        for value in (7, "x" * 5000, [7], {"a": 1}):
            yield "scene", encoded(changed(good, value, "body", 0, 0, "release", name))
    batch = message(
        "merge.batch",
        {"batch_id": str(uuid4()), "chunks": [{"recording_id": str(uuid4()), "index": 0}]},
    )
    for name in ("batch_id", "chunks", "more"):
        for value in (7, "x", [], [1], [{"recording_id": str(uuid4()), "index": 10**15}], {"a": 1}):
            yield "merge", encoded(changed(batch, value, "body", 0, 0, name))


def bytes_alone() -> Iterator[Sent]:
    """No JSON, the beginnings of some, and more than is read."""
    whole = encoded(about_nothing())
    for end in range(0, len(whole), len(whole) // 40):
        yield "finalize", whole[:end]
    for number in range(40):
        yield "upkeep", bytes((number * 37 + step * 11) % 256 for step in range(number))
    for queue in ("ingest", "celery", "merge", "finalize", "upkeep"):
        yield queue, b"[" + b" " * MOST_BYTES + b"]"
    yield "scene", b"[" + b" " * MOST_JOB_BYTES + b"]"


def all_of(job: dict[str, Any]) -> list[Sent]:
    """Every one of them."""
    return [*envelopes(), *embeds(), *requests(), *jobs(job), *bytes_alone()]
