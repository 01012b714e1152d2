"""Events by Server-Sent Events and WebSocket: filters, tenants, resuming, restarts."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from cli.localstack import postgres, processes, redis, waiting
from earshot.analysis import events
from earshot.storage import retention
from earshot.storage.postgres import db
from earshot.storage.redis import client as redis_client
from tests.integration.gateway.peers.listener import Listener, Sent, has, parsed
from tests.integration.gateway.peers.occurrences import classified, completed, happen, recording_of
from tests.servers import Stack, free_port

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]
WAIT_SEC = 30


def read(
    client: httpx2.Client, count: int, headers: dict[str, str] | None = None, **query: str
) -> list[Sent]:
    """The first events of a stream, with ``gap`` and without ``position``."""

    async def run() -> list[Sent]:
        found: list[Sent] = []
        address = str(client.base_url)
        authorization = {"Authorization": client.headers["Authorization"]}
        async with (
            asyncio.timeout(WAIT_SEC),
            httpx2.AsyncClient(base_url=address, trust_env=False) as own,
            own.stream(
                "GET", "/events", params=query, headers={**authorization, **(headers or {})}
            ) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for sent in parsed(answer.aiter_lines()):
                if sent.type != "position":
                    found.append(sent)
                if len(found) == count:
                    return found
        return found

    return asyncio.run(run())


def test_kept_events_come_in_order_and_are_resumed(door: Stack, client: Make) -> None:
    recording_id = recording_of(door, "default")
    ids = happen(door, completed(recording_id, range(1, 6)))
    every = read(client("read"), 5, recording_id=str(recording_id), **{"from": "0"})
    assert [each.data["id"] for each in every] == ids
    assert {each.type for each in every} == {"recording.completed"}
    second = every[1].position
    assert second is not None
    rest = read(client("read"), 3, {"Last-Event-ID": second}, recording_id=str(recording_id))
    assert [each.data["id"] for each in rest] == ids[2:]
    assert rest == read(client("read"), 3, last_event_id=second, recording_id=str(recording_id))


def test_types_are_filtered(door: Stack, client: Make) -> None:
    recording_id = recording_of(door, "default")
    happen(door, [*completed(recording_id), classified(recording_id)])
    last = happen(door, [events.failed(recording_id, "a.wav", "empty", "no sample", 2)])
    query = {"from": "0", "recording_id": str(recording_id)}
    found = read(client("read"), 1, types="recording.failed", **query)
    assert [each.data["id"] for each in found] == last
    found = read(client("read"), 2, types="recording.failed,classification", **query)
    assert [each.type for each in found] == ["classification", "recording.failed"]
    assert client("read").get("/events", params={"types": "nonsense"}).status_code == 422
    assert client("read").get("/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_tenants_see_their_own_events_only(door: Stack, client: Make) -> None:
    """Also when they resume from a position of another tenant, or name its recording."""
    theirs, own = recording_of(door, "acme"), recording_of(door, "umbrella")
    happen(door, completed(theirs, range(1, 4)))
    ids = happen(door, completed(own))
    happen(door, completed(theirs, range(4, 6)))
    ids += happen(door, completed(own, [2]))
    found = read(client("read", "umbrella"), 2, last_event_id="0")
    assert [each.data["id"] for each in found if each.type != "gap"] == ids
    with socket_to(client("read", "umbrella"), recording_id=str(theirs), after="0") as line:
        assert set(json.loads(line.recv(timeout=WAIT_SEC))) <= {"position", "gap"}
        happen(door, completed(theirs, [6]))
        with pytest.raises(TimeoutError):
            line.recv(timeout=2)


def test_new_events_come_at_once(door: Stack, client: Make) -> None:
    recording_id = recording_of(door, "default")
    with socket_to(client("read"), recording_id=str(recording_id)) as line:
        assert set(json.loads(line.recv(timeout=WAIT_SEC))) == {"position"}
        ids = happen(door, [classified(recording_id)])
        message = json.loads(line.recv(timeout=WAIT_SEC))
        assert message["event"]["id"] == ids[0]
    with socket_to(client("read"), recording_id=str(recording_id), after="0") as line:
        first = json.loads(line.recv(timeout=WAIT_SEC))
        if "gap" in first:
            first = json.loads(line.recv(timeout=WAIT_SEC))
        assert first == {"position": 0}
        assert json.loads(line.recv(timeout=WAIT_SEC)) == message


def test_what_retention_removed_is_a_gap(door: Stack, client: Make) -> None:
    """Removed events are announced once; from the kept ones on nothing is missing."""
    recording_id = recording_of(door, "default")
    old = happen(door, completed(recording_id, range(1, 4)))
    positions = read(client("read"), 3, recording_id=str(recording_id), **{"from": "0"})
    with db.connect(door.database_url) as connection:
        connection.execute(
            "UPDATE outbox SET published_at = now() - interval '9 days', stream_id = '1-' || seq"
            " WHERE id::text = ANY (%s)",
            [old],
        )
        dropped = retention.drop_events(
            connection, redis_client.client(door.redis_url), 8 * 86_400, 100
        )
    assert dropped == 3
    new = happen(door, completed(recording_id, [4]))
    before = positions[0].position
    assert before is not None
    found = read(client("read"), 2, last_event_id=before, recording_id=str(recording_id))
    assert [each.type for each in found] == ["gap", "recording.completed"]
    assert found[0].data == {"after": int(before), "trimmed": int(positions[2].position or 0)}
    assert found[1].data["id"] == new[0]
    later = positions[2].position
    assert later is not None
    assert (
        read(client("read"), 1, last_event_id=later, recording_id=str(recording_id))[0] == found[1]
    )
    whole = read(client("read"), 1, recording_id=str(recording_id), **{"from": "0"})
    assert [each.data["id"] for each in whole] == new


def test_a_deleted_recording_leaves_one_event(door: Stack, client: Make) -> None:
    recording_id = recording_of(door, "default")
    happen(door, [*completed(recording_id), classified(recording_id)])
    assert len(read(client("read"), 2, recording_id=str(recording_id), **{"from": "0"})) == 2
    done = door.earshot("delete", str(recording_id), "--yes")
    assert done.returncode == 0, done.stderr
    with socket_to(client("read"), recording_id=str(recording_id), **{"from": "0"}) as line:
        assert set(json.loads(line.recv(timeout=WAIT_SEC))) == {"position"}
        assert json.loads(line.recv(timeout=WAIT_SEC))["event"]["type"] == "recording.deleted"


def test_a_ticket_opens_one_stream(client: Make) -> None:
    ticket = client("read").post("/tickets").json()["ticket"]
    address = f"{client(None).base_url}/events?ticket={ticket}".replace("http", "ws", 1)
    with connect(address, subprotocols=["earshot.v1", "other"], proxy=None) as line:
        assert line.subprotocol == "earshot.v1"
        assert "position" in json.loads(line.recv(timeout=WAIT_SEC))
    with pytest.raises(InvalidStatus) as refused:
        connect(address, proxy=None)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("foreign", ["http://evil.example", "http://[", "null"])
def test_the_origin_of_a_page_is_checked(client: Make, foreign: str) -> None:
    host = client(None).base_url.netloc.decode()
    with socket_to(client("read"), origin=f"http://{host}") as line:
        assert json.loads(line.recv(timeout=WAIT_SEC))
    with pytest.raises(InvalidStatus) as refused:
        socket_to(client("read"), origin=foreign)
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "foreign_origin"


@pytest.mark.parametrize(
    ("query", "token", "status"),
    [
        ({}, False, 401),
        ({"after": "x"}, False, 401),
        ({"after": "x"}, True, 422),
        ({"types": "nonsense"}, True, 422),
    ],
)
def test_a_socket_is_refused_before_it_opens(
    door: Stack, client: Make, query: dict[str, str], token: bool, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket_to(client("read" if token else None), **query)
    assert refused.value.response.status_code == status
    problem = json.loads(refused.value.response.body)
    assert problem["status"] == status
    assert problem["request_id"] == refused.value.response.headers["x-request-id"]
    assert client(None).get("/health").status_code == 200  # the socket's task has ended, too
    log = (door.home / "logs" / "gateway.log").read_text(encoding="utf-8")
    assert "without completing handshake" not in log


def test_a_revoked_token_ends_its_streams(door: Stack, client: Make) -> None:
    made = door.earshot("token", "create", "soon-revoked", "--scope", "read").stdout.strip()
    own = httpx2.Client(
        base_url=str(client(None).base_url), headers={"Authorization": f"Bearer {made}"}
    )
    with socket_to(own) as line:
        assert json.loads(line.recv(timeout=WAIT_SEC))
        assert door.earshot("token", "revoke", "soon-revoked").returncode == 0
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=WAIT_SEC)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("server_processes", [1, 2])
def test_streams_end_when_the_gateway_stops(stage: Stack, server_processes: int) -> None:
    """At once, although they would last for ever."""
    stage.settings["GATEWAY_PROCESSES"] = str(server_processes)
    with stage.gateway() as url, ExitStack() as opened:
        token = stage.token("read")
        client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})
        line = opened.enter_context(socket_to(client))
        assert line.recv(timeout=WAIT_SEC)
        parts = urlsplit(url)
        plain = opened.enter_context(socket.create_connection((parts.hostname, parts.port), 10))
        plain.sendall(
            f"GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        assert plain.recv(4096).startswith(b"HTTP/1.1 200")
        gateway = processes.running(stage.home, "gateway")
        assert gateway is not None
        os.kill(gateway.pid, signal.SIGTERM)
        assert waiting.became(lambda: not gateway.alive(), 5), "it waits for its streams"
        plain.settimeout(5)
        rest = b""
        while piece := plain.recv(4096):
            rest += piece
        assert rest.endswith(b"0\r\n\r\n"), "the response is complete"
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


def test_a_reader_that_takes_nothing_is_disconnected(stage: Stack) -> None:
    stage.settings["SILENT_SEC"] = "1"
    recording_id = recording_of(stage, "default")
    long = [
        events.completed(recording_id, "complete", "x" * 5000, 1000, number)
        for number in range(2000)
    ]
    happen(stage, long)
    with stage.gateway() as url, socket.socket() as line:
        token, parts = stage.token("read"), urlsplit(url)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((parts.hostname, parts.port))
        head = f"Host: x\r\nAuthorization: Bearer {token}"
        line.sendall(f"GET /events?from=0 HTTP/1.1\r\n{head}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 200")

        def streams() -> str:
            lines = httpx2.get(f"{url}/metrics", trust_env=False).text.splitlines()
            return next(line for line in lines if line.startswith("earshot_event_streams "))

        assert waiting.became(lambda: streams().endswith(" 1.0"), 5)
        assert waiting.became(lambda: streams().endswith(" 0.0"), 20)


def socket_to(client: httpx2.Client, origin: str | None = None, **query: str) -> "Iterator":
    headers = {k: v for k, v in client.headers.items() if k == "authorization"}
    address = client.base_url.copy_with(scheme="ws", path="/events", params=query)
    return connect(str(address), additional_headers=headers, origin=origin, proxy=None)


class Crowd:
    """Many listeners of one gateway, and the events that they should receive."""

    def __init__(self, stack: Stack, url: str, number: int) -> None:
        self.stack, self.recordings = stack, [uuid4() for _ in range(7)]
        self.clients = [
            httpx2.AsyncClient(
                base_url=url,
                headers={"Authorization": f"Bearer {token}"},
                timeout=httpx2.Timeout(60, connect=5),
                trust_env=False,
                limits=httpx2.Limits(max_connections=None),
            )
            for token in (stack.token("read") for _ in range(8))
        ]
        self.listeners = [
            Listener(self.clients[each % len(self.clients)], {"from": "0"})
            for each in range(number)
        ]
        self.round = 0
        self.ids: list[str] = []

    async def happen(self, number: int) -> None:
        """So many more events, in a few transactions."""
        made = []
        for each in range(number):
            self.round += 1
            made += completed(self.recordings[each % len(self.recordings)], [self.round])
        for start in range(0, number, 20):
            self.ids += await asyncio.to_thread(happen, self.stack, made[start : start + 20])

    async def until(self, enough: Callable[[Listener], bool], sec: float = 60) -> None:
        async with asyncio.timeout(sec):
            while not all(map(enough, self.listeners)):
                await asyncio.sleep(0.1)

    def check(self) -> None:
        """Each listener has every event once, in order, and no gap was announced."""
        for listener in self.listeners:
            assert listener.ids == self.ids
            assert not [each for each in listener.others if each.type == "gap"]

    async def run(self, script: Callable[[], "asyncio.Future[None]"]) -> None:
        tasks = [asyncio.create_task(each.listen(lambda _: False)) for each in self.listeners]
        try:
            await script()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for client in self.clients:
                await client.aclose()


def test_nothing_is_missed_or_repeated_when_the_gateway_is_killed_twice(
    stage: Stack, pytestconfig: pytest.Config
) -> None:
    """Events keep happening while it is down and while it starts."""
    port, number = free_port(), pytestconfig.getoption("streams")
    crowd = Crowd(stage, f"http://127.0.0.1:{port}", number)

    async def script() -> None:
        with ExitStack() as gateways:
            for kill in (True, True, False):
                await asyncio.to_thread(gateways.enter_context, stage.gateway(port=port))
                before = len(crowd.ids)
                await crowd.happen(100)
                await crowd.until(has(before + 1))
                if kill:
                    happening = asyncio.create_task(crowd.happen(100))
                    gateway = processes.running(stage.home, "gateway")
                    assert gateway is not None
                    os.kill(gateway.pid, signal.SIGKILL)
                    await happening
            await crowd.until(has(len(crowd.ids)))

    asyncio.run(crowd.run(script))
    assert len(crowd.ids) == 500
    crowd.check()
    assert all(each.connections >= 3 for each in crowd.listeners)


def test_nothing_is_missed_or_repeated_when_redis_and_postgres_start_anew(stage: Stack) -> None:
    """Streams stay open meanwhile."""
    port = free_port()
    crowd = Crowd(stage, f"http://127.0.0.1:{port}", 10)

    async def script() -> None:
        with stage.gateway(port=port):
            await crowd.happen(30)
            await crowd.until(has(30))
            await asyncio.to_thread(processes.stop, stage.home, [redis.NAME], 10)
            await asyncio.to_thread(postgres.stop, stage.home)
            await asyncio.to_thread(postgres.start, stage.home)
            await asyncio.to_thread(redis.start, stage.home)
            await crowd.happen(30)
            await crowd.until(has(60))

    asyncio.run(crowd.run(script))
    crowd.check()
    assert {each.connections for each in crowd.listeners} == {1}


def test_many_kept_events_are_read_in_batches(stage: Stack) -> None:
    """More than the gateway keeps in memory, so that streams from before them read Postgres."""
    port = free_port()
    crowd = Crowd(stage, f"http://127.0.0.1:{port}", 5)

    async def script() -> None:
        await crowd.happen(2600)
        with stage.gateway(port=port):
            await crowd.until(has(2600))
            await crowd.happen(100)
            await crowd.until(has(2700))

    asyncio.run(crowd.run(script))
    crowd.check()
