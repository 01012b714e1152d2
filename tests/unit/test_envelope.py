"""The gate before the workers: whatever lies in a queue, it answers, in one line, and lets nothing odd pass."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.envelope import refusal

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
PLACES = [
    (),
    *((key,) for key in ("body", "content-type", "content-encoding", "headers", "properties")),
    *(("headers", key) for key in ("id", "task", "shadow", "retries", "eta", "expires", "timelimit", "group", "compression")),
    *(("properties", key) for key in ("delivery_tag", "delivery_info", "body_encoding")),
]


def signature_of(task: str) -> Callable[..., object] | None:
    return {"ingest.recording": lambda payload: None, "upkeep.relay": lambda: None}.get(task)


def message() -> dict[str, Any]:
    body = [[{"uri": "file:///calls/7.wav"}], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    return {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"id": "1", "task": "ingest.recording", "lang": "py", "timelimit": [None, None]},
        "properties": {
            "delivery_tag": "t",
            "delivery_info": {"exchange": "", "routing_key": "ingest"},
            "body_encoding": "base64",
        },
    }


def test_a_message_of_celery_passes() -> None:
    assert refusal(json.dumps(message()).encode(), signature_of) is None


@given(st.binary())
def test_bytes_are_refused_in_one_line(noise: bytes) -> None:
    found = refusal(noise, signature_of)
    assert found is not None
    assert found.reason in ("not_json", "not_an_envelope")
    assert found.detail.isprintable()


@given(st.sampled_from(PLACES), ANYTHING)
def test_whatever_stands_in_one_place_it_answers(place: tuple[str, ...], thing: Any) -> None:
    changed: Any = message()
    if not place:
        changed = thing
    elif len(place) == 1:
        changed[place[0]] = thing
    else:
        changed[place[0]][place[1]] = thing
    found = refusal(json.dumps(changed).encode(), signature_of)
    assert found is None or found.detail.isprintable()


@given(ANYTHING)
def test_whatever_the_body_says_it_answers(thing: Any) -> None:
    changed = message() | {"body": base64.b64encode(json.dumps(thing).encode()).decode()}
    found = refusal(json.dumps(changed).encode(), signature_of)
    assert found is not None
    assert found.reason in ("body", "arguments", "schema")
    assert found.sender_waits_for == "1"


@pytest.mark.parametrize(("args", "reason"), [([], "arguments"), ([1, 2], "arguments"), ([{"uri": 7}], "schema")])
def test_arguments_are_checked_before_the_task_sees_them(args: list[Any], reason: str) -> None:
    changed = message() | {"body": base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()}
    found = refusal(json.dumps(changed).encode(), signature_of)
    assert found is not None
    assert found.reason == reason


def test_a_keyword_serves_as_well() -> None:
    body = json.dumps([[], {"payload": {"uri": "file:///a"}}, {}]).encode()
    changed = message() | {"body": base64.b64encode(body).decode()}
    assert refusal(json.dumps(changed).encode(), signature_of) is None
