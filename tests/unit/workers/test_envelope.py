"""Validation of messages before the workers: every message in a queue gets an answer in one line,
and invalid ones do not pass."""

import base64
import inspect
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, chain, chord, group
from celery.app.task import Context
from celery.signals import before_task_publish
from celery.worker import request as celery_request
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils import json as kombu_json

from earshot.settings import settings
from tasks.messages.embeds import Service
from tasks.messages.envelope import Headers, Properties, Refused, let_through

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
)
PLACES = [
    (),
    *((key,) for key in ("body", "content-type", "content-encoding", "headers", "properties")),
    *(
        ("headers", key)
        for key in (
            "id",
            "task",
            "shadow",
            "retries",
            "eta",
            "expires",
            "timelimit",
            "group",
            "compression",
        )
    ),
    *(("properties", key) for key in ("delivery_tag", "delivery_info", "body_encoding")),
]


def signature_of(task: str) -> Callable[..., object] | None:
    known: dict[str, Callable[..., object]] = {
        "ingest.recording": lambda payload: None,
        "upkeep.relay": lambda: None,
    }
    return known.get(task)


SERVICE = Service(("ingest", "merge", "upkeep"), ("scene",), signature_of)


def refusal(message: bytes) -> Refused | None:
    try:
        let_through(message, "ingest", SERVICE)
    except Refused as why:
        return why
    return None


def message() -> dict[str, Any]:
    body = [
        [{"uri": "file:///calls/7.wav"}],
        {},
        {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
    ]
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
    assert refusal(json.dumps(message()).encode()) is None


@given(st.binary())
def test_bytes_are_refused_in_one_line(noise: bytes) -> None:
    found = refusal(noise)
    assert found is not None
    assert found.reason in ("not_json", "not_an_envelope")
    assert str(found).isprintable()


@given(st.sampled_from(PLACES), ANYTHING)
def test_whatever_stands_in_one_place_it_answers(place: tuple[str, ...], thing: Any) -> None:
    changed: Any = message()
    if not place:
        changed = thing
    elif len(place) == 1:
        changed[place[0]] = thing
    else:
        changed[place[0]][place[1]] = thing
    found = refusal(json.dumps(changed).encode())
    assert found is None or str(found).isprintable()


@given(ANYTHING)
def test_whatever_the_body_says_it_answers(thing: Any) -> None:
    changed = message() | {"body": base64.b64encode(json.dumps(thing).encode()).decode()}
    found = refusal(json.dumps(changed).encode())
    assert found is not None
    assert found.reason in ("body", "arguments", "schema")
    assert found.sender_waits_for == "1"


@pytest.mark.parametrize(
    ("args", "reason"), [([], "arguments"), ([1, 2], "arguments"), ([{"uri": 7}], "schema")]
)
def test_arguments_are_checked_before_the_task_sees_them(args: list[Any], reason: str) -> None:
    changed = message() | {"body": base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()}
    found = refusal(json.dumps(changed).encode())
    assert found is not None
    assert found.reason == reason


def test_a_keyword_serves_as_well() -> None:
    body = json.dumps([[], {"payload": {"uri": "file:///a"}}, {}]).encode()
    changed = message() | {"body": base64.b64encode(body).decode()}
    assert refusal(json.dumps(changed).encode()) is None


SIGNATURE = {
    "task": "upkeep.relay",
    "args": [],
    "kwargs": {},
    "options": {},
    "subtask_type": None,
    "immutable": True,
}
TYPED = [
    *(
        {"__type__": name, "__value__": "1"}
        for name in ("decimal", "bytes", "base64", "date", "time", "other")
    ),
    {"__type__": {"__type__": "datetime", "__value__": "decimal"}, "__value__": "1"},
    {"__type__": "uuid", "__value__": {"int": 1}},
]
TYPED_PLACES: list[tuple[str | int, ...]] = [
    *(
        ("headers", name)
        for name in ("retries", "group_index", "replaced_task_nesting", "timelimit", "x-unknown")
    ),
    *(("properties", name) for name in ("priority", "x-unknown")),
    ("body", 0, 0, "speakers"),
    ("body", 0, 0, "more"),
    ("body", 1, "more"),
    ("body", 2, "chain"),
    ("body", 2, "errbacks", 0, "args", 0),
    ("body", 2, "errbacks", 0, "options", "priority"),
]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("place", TYPED_PLACES)
def test_kombus_typed_values_are_refused_unread(
    place: tuple[str | int, ...], typed: dict[str, Any]
) -> None:
    """Also where nobody reads them now: what passes is decoded again, by Celery."""
    signature = {**SIGNATURE, "args": [1], "options": {}}
    changed = message() | {"body": [[{"uri": "file:///a"}], {}, {"errbacks": [signature]}]}
    at: Any = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = typed
    encoded = base64.b64encode(json.dumps(changed["body"]).encode()).decode()
    found = refusal(json.dumps(changed | {"body": encoded}).encode())
    assert found is not None
    assert "there are those of JSON, datetime and uuid" in str(found)


LARGE: dict[str, Callable[[], list[Any]]] = {
    "unexpected keyword": lambda: [[{"uri": "file:///a"}], {"a." * 1_000_000: 1}, {}],
    "analyses.0": lambda: [[{"uri": "file:///a", "analyses": [0] * 1_000_000}], {}, {}],
    "embed.chain.0": lambda: [[{"uri": "file:///a"}], {}, {"chain": [0] * 1_000_000}],
    "at most 1000": lambda: [[{"uri": "file:///a"}], {}, {"chain": [SIGNATURE] * 100_000}],
    "none has more than 256": lambda: [
        [{"uri": "file:///a"}],
        {},
        {str(number): 0 for number in range(500_000)},
    ],
}


@pytest.mark.parametrize("said", LARGE)
def test_much_that_is_wrong_is_refused_as_soon_as_it_is_read(said: str) -> None:
    body = json.dumps(LARGE[said]()).encode()
    changed = json.dumps(message() | {"body": base64.b64encode(body).decode()}).encode()
    before = process_time()
    with pytest.raises(Refused) as found:
        let_through(changed, "scene", SERVICE)
    assert process_time() - before < 2.0
    assert said in str(found.value)


def test_a_content_type_has_bounds() -> None:
    found = refusal(json.dumps(message() | {"content-type": "a." * 60_000}).encode())
    assert found is not None
    assert "content-type: String should have at most 255 characters" in str(found)


@pytest.mark.parametrize("name", ["retries", "group_index", "replaced_task_nesting"])
@pytest.mark.parametrize("value", [1.0, "1", True])
def test_numbers_are_numbers(name: str, value: Any) -> None:
    assert let(with_header(name, 1))["headers"][name] == 1
    assert refusal(json.dumps(with_header(name, value)).encode())


def test_the_next_retry_of_what_passed_passes() -> None:
    assert let(with_header("retries", 999_999))["headers"]["retries"] == 999_999
    most = let(with_header("retries", 10**15))["headers"]["retries"]
    assert most == let(with_header("retries", most + 1))["headers"]["retries"] == 1_000_000
    assert refusal(json.dumps(with_header("retries", -1)).encode())


def test_ids_and_times_of_a_python_sender_become_the_texts_that_json_has() -> None:
    recording_id, at = uuid4(), datetime.now(UTC) + timedelta(hours=1)
    asked = {"uri": "file:///a", "recording_id": recording_id}
    sender = Celery(broker="memory://", backend="cache+memory://")
    body = published(
        lambda own: chain(
            sender.signature("ingest.recording", [asked], queue="ingest"), own().set(eta=at)
        )
    )[0]
    assert body[0][0]["recording_id"]["__type__"] == "uuid"
    found = let(message() | {"body": base64.b64encode(json.dumps(body).encode()).decode()})["body"]
    assert found[0][0]["recording_id"] == recording_id.hex
    assert found[2]["chain"][0]["options"]["eta"] == at.isoformat()


def let(changed: dict[str, Any]) -> dict[str, Any]:
    """The message as Celery is to see it, with its body decoded."""
    found: dict[str, Any] = json.loads(let_through(json.dumps(changed).encode(), "ingest", SERVICE))
    return {**found, "body": json.loads(base64.b64decode(found["body"]))}


def with_header(name: str, value: Any) -> dict[str, Any]:
    changed = message()
    changed["headers"][name] = value
    return changed


def read_by_celery() -> set[str]:
    """Names of the headers that the installed Celery's workers read or take over."""
    source = inspect.getsource(celery_request)
    named = re.findall(r"""request(?:_dict)?(?:\.get\(|\[)\s*['"](\w+)['"]""", source)
    written = Celery(broker="memory://").amqp.as_task_v2("1", "ingest.recording").headers
    return {*named, *written, *(name for name in vars(Context) if not name.startswith("__"))}


def test_what_celery_reads_of_a_message_is_typed_or_left_away() -> None:
    names = read_by_celery()
    assert {
        "id",
        "task",
        "retries",
        "eta",
        "expires",
        "timelimit",
        "group",
        "chord",
        "stamps",
        "ignore_result",
    } <= names
    for name in names - set(Headers.model_fields):
        assert let(with_header(name, "7"))["headers"] == let(message())["headers"], name
    typed = set(Headers.model_fields) - {"argsrepr", "kwargsrepr", "origin", "ignore_result"}
    for name in typed:
        assert refusal(json.dumps(with_header(name, "two words")).encode()), name


def test_tracing_and_other_headers_and_properties_are_left_away() -> None:
    changed = with_header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    changed["properties"] |= {
        "app_id": "x",
        "delivery_mode": 2,
        "priority": 3,
        "reply_to": "r",
        "correlation_id": "1",
    }
    found = let(changed)
    assert set(found["headers"]) == {"id", "task", "timelimit"}
    assert set(found["properties"]) == set(Properties.model_fields) | {
        "delivery_tag",
        "delivery_info",
    }


def test_where_a_message_lies_is_not_the_senders_to_say() -> None:
    changed = message()
    changed["properties"] |= {
        "delivery_tag": "mine",
        "delivery_info": {"exchange": "e", "routing_key": "elsewhere"},
    }
    found = let(changed)["properties"]
    assert found["delivery_info"] == {"exchange": "", "routing_key": "ingest"}
    assert found["delivery_tag"] != "mine"


@pytest.mark.parametrize("name", ["eta", "expires"])
def test_dates_are_near_and_have_a_zone(name: str) -> None:
    soon = datetime.now(UTC) + timedelta(hours=23)
    assert let(with_header(name, soon.isoformat()))["headers"][name] == soon.isoformat()
    assert (
        let(with_header(name, soon.replace(tzinfo=None).isoformat()))["headers"][name]
        == soon.isoformat()
    )
    for far in (timedelta(days=367), timedelta(days=-20_000)):
        found = refusal(json.dumps(with_header(name, (soon + far).isoformat())).encode())
        assert found is not None
        assert f"{name} is before the year 2000 or more than" in str(found)


def test_a_time_limit_is_at_most_the_workers_own() -> None:
    assert let(with_header("timelimit", [60, 50]))["headers"]["timelimit"] == [60, 50]
    own = [settings().task_time_limit_sec, settings().task_soft_limit_sec]
    assert let(with_header("timelimit", [100_000, 100_000]))["headers"]["timelimit"] == own
    for limit in (0.001, float("nan"), float("inf")):
        assert refusal(json.dumps(with_header("timelimit", [limit, None])).encode())


def test_more_than_is_read_is_refused_unread() -> None:
    long = json.dumps(message() | {"more": "x" * 300_000}).encode()
    found = refusal(long)
    assert found is not None
    assert (found.reason, found.sender_waits_for) == ("too_large", None)
    let_through(long, "scene", SERVICE)


@pytest.mark.parametrize("control", ["\x00", "\n", "\x1b", "\x85", "\u2028"])
@pytest.mark.parametrize("key", ["uri", "file_name"])
def test_names_with_control_characters_are_refused_by_name(control: str, key: str) -> None:
    body = json.dumps([[{"uri": "file:///a", key: f"file:///a{control}b"}], {}, {}]).encode()
    found = refusal(json.dumps(message() | {"body": base64.b64encode(body).decode()}).encode())
    assert found is not None
    assert f"{key} holds the control character U+{ord(control):04X}" in str(found)


def published(canvas: Callable[[Callable[..., Any]], Any]) -> list[list[Any]]:
    """The bodies that Celery writes for a canvas of ``ingest.recording`` of another service."""
    sender = Celery(broker="memory://", backend="cache+memory://")
    bodies: list[list[Any]] = []

    def keep(body: Any = None, **_: Any) -> None:
        bodies.append(json.loads(kombu_json.dumps(body)))

    def own(task: str = "ingest.recording", queue: str = "ingest") -> Any:
        return sender.signature(
            task, args=[{"uri": "file:///a"}], queue=queue, immutable=True, app=sender
        )

    before_task_publish.connect(keep)
    try:
        canvas(own).apply_async()
    finally:
        before_task_publish.disconnect(keep)
    return bodies


CANVASES: list[Callable[[Callable[..., Any]], Any]] = [
    lambda own: chain(own(), own(), own()),
    lambda own: group(own(), own()),
    lambda own: chain(own(), group(own(), own()), own()),
    lambda own: chain(own(), chord([own(), own()], own())),
    lambda own: own().set(
        link=[own(), chain(own(), own())], link_error=own(), countdown=5, priority=3
    ),
]


@pytest.mark.parametrize("canvas", CANVASES)
def test_canvases_of_own_tasks_pass_as_they_are(
    canvas: Callable[[Callable[..., Any]], Any],
) -> None:
    bodies = published(canvas)
    assert bodies
    for body in bodies:
        found = let(message() | {"body": base64.b64encode(json.dumps(body).encode()).decode()})[
            "body"
        ]
        assert found == body


@pytest.mark.parametrize(
    ("task", "queue", "said"),
    [
        ("their.task", "ingest", "names task their.task, which is none of this service"),
        ("ingest.recording", "theirs", "names queue theirs, which this service does not send to"),
    ],
)
def test_a_callback_that_could_not_be_sent_is_refused_before_the_work(
    task: str, queue: str, said: str
) -> None:
    for canvas in (
        lambda own: chain(own(), own(task, queue)),
        lambda own: own().set(link_error=own(task, queue)),
    ):
        body = published(canvas)[0]
        found = refusal(
            json.dumps(
                message() | {"body": base64.b64encode(json.dumps(body).encode()).decode()}
            ).encode()
        )
        assert found is not None
        assert found.reason == "body"
        assert said in str(found)
