"""Tenants share a gateway: none sees how much others do, and none keeps others out."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from cli.localstack import waiting
from earshot.storage import retention
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis_client
from tests.integration.gateway.clients import client_of
from tests.integration.gateway.peers.occurrences import completed, happen, recording_of
from tests.integration.gateway.peers.receiver import Answer, receiving
from tests.integration.gateway.test_events import WAIT_SEC, read, socket_to
from tests.integration.gateway.test_webhooks import RETRIES, hooks_of
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]


def tenants(number: int) -> list[str]:
    return [f"t{uuid4().hex[:12]}" for _ in range(number)]


def test_each_tenant_counts_its_own_events(door: Stack, client: Make) -> None:
    """Without gaps, in the order of reading, also when many processes store at the same time."""
    names = tenants(3)
    recordings = {name: recording_of(door, name) for name in names}
    each, quiet = 20, tenants(1)[0]

    def store(number: int) -> None:
        happen(door, completed(recordings[names[number % 3]], [number]))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(store, range(3 * each)))
    for name in names:
        found = read(client("read", name), each, **{"from": "0"})
        assert [int(sent.position or 0) for sent in found] == list(range(1, each + 1))
        middle = read(client("read", name), 5, {"Last-Event-ID": "7"})
        assert middle == found[7:12]
    for query in ({}, {"from": "0"}, {"after": "0"}):
        with socket_to(client("read", quiet), **query) as line:
            assert json.loads(line.recv(timeout=WAIT_SEC)) == {"position": 0}
    with socket_to(client("read", quiet), after="5") as line:
        gap = json.loads(line.recv(timeout=WAIT_SEC))
        assert gap == {"gap": {"after": 5, "trimmed": 0}}
        assert json.loads(line.recv(timeout=WAIT_SEC)) == {"position": 0}


def test_events_that_a_filter_leaves_out_move_a_stream_by_those_of_its_tenant(
    door: Stack, client: Make
) -> None:
    own, other = tenants(2)
    with socket_to(client("read", own), types="emergency") as line:
        assert json.loads(line.recv(timeout=WAIT_SEC)) == {"position": 0}
        happen(door, completed(recording_of(door, other), range(5)))
        happen(door, completed(recording_of(door, own), range(2)))
        happen(door, completed(recording_of(door, other), range(5)))
        assert json.loads(line.recv(timeout=WAIT_SEC)) == {"position": 2}


def test_what_is_removed_of_a_tenant_is_no_gap_of_another(door: Stack, client: Make) -> None:
    own, other = tenants(2)
    ids = happen(door, completed(recording_of(door, own), [1]))
    old = happen(door, completed(recording_of(door, other), range(3)))
    ids += happen(door, completed(recording_of(door, own), [2]))
    with db.connect(door.database_url) as connection:
        connection.execute(
            "UPDATE outbox SET published_at = now() - interval '9 days', stream_id = '1-' || seq"
            " WHERE id::text = ANY (%s)",
            [old],
        )
        redis = redis_client.client(door.redis_url)
        assert retention.drop_events(connection, redis, 8 * 86_400, 100) == 3
    found = read(client("read", own), 2, last_event_id="0")
    assert [(sent.position, sent.data["id"]) for sent in found] == list(zip("12", ids, strict=True))
    [gap] = read(client("read", other), 1, last_event_id="1")
    assert (gap.type, gap.data) == ("gap", {"after": 1, "trimmed": 3})
    with socket_to(client("read", other)) as line:
        assert json.loads(line.recv(timeout=WAIT_SEC)) == {"position": 3}


def test_deliveries_speak_of_their_tenants_positions(stage: Stack) -> None:
    with receiving() as receiver, ExitStack() as opened:
        hooks = hooks_of(stage, receiver, opened, RETRIES)
        happen(stage, completed(recording_of(stage, "acme"), range(7)))
        id = hooks.create("own")["id"]
        hooks.admin.post(f"/webhooks/{id}/test")
        [sample] = hooks.wait(id, "delivered")
        assert sample["position"] == 0
        ids = happen(stage, completed(recording_of(stage, "default"), range(3)))
        log = hooks.wait(id, "delivered", 4)
        assert [(each["position"], each["event_id"]) for each in log[:3]] == [
            (3, ids[2]), (2, ids[1]), (1, ids[0])
        ]  # fmt: skip
        again = hooks.admin.post(f"/webhooks/{id}/replay", json={"after": 1, "to": 2})
        assert again.json()["deliveries"] == 1
        receiver.wait("own", 5)
        late = hooks.create("late")["id"]
        missed = hooks.admin.post(f"/webhooks/{late}/replay", json={"after": 1, "to": 99})
        assert missed.json()["deliveries"] == 2


def test_endpoints_that_hang_hold_up_their_tenant_only(stage: Stack) -> None:
    """They have more to receive than there are senders, before others have anything."""
    number, timeout_sec = 24, 30
    release = threading.Event()

    def decide(path: str, headers: dict[str, str]) -> Answer:
        if path.startswith("/hanging"):
            release.wait(timeout_sec)
        return Answer()

    with receiving() as receiver, ExitStack() as opened:
        receiver.decide = decide
        stage.settings |= {"WEBHOOK_SENDERS": "8"}
        hooks = hooks_of(stage, receiver, opened, RETRIES, timeout_sec)
        opened.callback(release.set)
        for name in ("hanging-1", "hanging-2", "hanging-3", "hanging-4"):
            hooks.create(name)  # four with a quarter each would take everything
        hooks.create("hanging-5", client=hooks.client("admin", "wayne"))
        with db.connect(stage.database_url) as connection:

            def held() -> int:
                row = connection.execute(
                    "SELECT count(*) AS held FROM webhook_delivery WHERE taken_until IS NOT NULL"
                ).fetchone()
                return int(row["held"]) if row else 0

            for tenant, most in (("default", 4), ("wayne", 6)):
                for _ in range(number):
                    happen(stage, completed(recording_of(stage, tenant)))
                assert waiting.became(lambda most=most: held() == most, 10), (tenant, held())
        for tenant in ("acme", "umbrella"):
            hooks.create(tenant, client=hooks.client("admin", tenant))
            happen(stage, completed(recording_of(stage, tenant), range(5)))
        for tenant in ("acme", "umbrella"):
            assert len(receiver.wait(tenant, 5, sec=8)) == 5
        hanging = [each for each in receiver.requests if each.path.startswith("/hanging")]
        assert hanging == [], "they still hang"


MOST = 8


def test_streams_are_counted_when_they_are_admitted(stage: Stack) -> None:
    """Half of them for a tenant, however many connect at the same time."""
    stage.settings["EVENT_STREAMS"] = str(MOST)
    with stage.gateway() as url, ExitStack() as opened:
        own = {name: opened.enter_context(client_of(stage, url, "read", name)) for name in "abc"}

        async def crowd(number: int, *names: str) -> dict[str, Counter[int]]:
            """Statuses by tenant, of streams that are open together."""
            found: dict[str, Counter[int]] = {name: Counter() for name in names}
            async with AsyncExitStack() as held:
                lines = {
                    name: await held.enter_async_context(
                        httpx2.AsyncClient(
                            base_url=url,
                            headers={"Authorization": own[name].headers["Authorization"]},
                            timeout=30,
                            trust_env=False,
                        )
                    )
                    for name in names
                }

                async def opening(name: str) -> httpx2.Response:
                    line = lines[name].stream("GET", "/events")
                    answer = await held.enter_async_context(line)
                    found[name][answer.status_code] += 1
                    return answer

                for name in names:
                    for answer in await asyncio.gather(*(opening(name) for _ in range(number))):
                        if answer.status_code != 200:
                            assert answer.headers["retry-after"] == "10"
                            problem = json.loads(await answer.aread())
                            assert problem["code"] == "too_many_streams"
                with pytest.raises(InvalidStatus) as refused:
                    await asyncio.to_thread(socket_to, own[names[0]])
                assert refused.value.response.status_code == 429
            return found

        found = asyncio.run(crowd(30, "a", "b", "c"))
        assert found == {
            "a": Counter({200: MOST // 2, 429: 30 - MOST // 2}),
            "b": Counter({200: MOST // 2, 429: 30 - MOST // 2}),
            "c": Counter({503: 30}),
        }

        def is_free() -> bool:
            with own["c"].stream("GET", "/events") as answer:
                return answer.status_code == 200

        assert waiting.became(is_free, 10)
        assert asyncio.run(crowd(MOST, "c"))["c"][200] == MOST // 2
