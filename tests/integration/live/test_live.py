"""Live sessions by WebSocket, with a real gateway and live process, which are killed."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import numpy as np
import pytest
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cli.localstack import waiting
from earshot.analysis.errors import BadAudio
from earshot.models.checkpoints.catalog import load
from earshot.storage.postgres import db, recordings
from earshot.storage.redis.live import clients, owners
from earshot.storage.redis.live.keys import Session
from producer.live import Live
from tests.integration.gateway.clients import client_of
from tests.servers import Stack, free_port, servers
from tests.sounds.voices import RATE, call

[RELEASE] = [entry for entry in load() if entry.runtime == "moonshine"]
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not RELEASE.at_hand, reason="there is no wheel of Moonshine here"),
]
FRAME = RATE // 50 * 2
FASTER = 3
"""Times the pace of speech."""
WAIT_SEC = 30.0
KEPT_SEC = 20.0
"""A gateway has to be there again within it."""


@dataclass
class Lane:
    """Servers with a gateway and a live process."""

    stack: Stack
    url: str
    running: ExitStack
    kill: Callable[[str], None]

    def options(self, **options: Any) -> dict[str, Any]:
        return {"url": self.url, "token": self.stack.token(), **options}

    def submitted(self, session: UUID) -> bool:
        with db.connect(self.stack.database_url) as connection:
            return recordings.get(connection, session) is not None

    def open(self, token: str | None = None, query: str = "", **options: Any) -> ClientConnection:
        token = token or self.stack.token()
        address = f"{self.url.replace('http', 'ws')}/transcribe/stream?{query}"
        headers = {} if "subprotocols" in options else {"Authorization": f"Bearer {token}"}
        return connect(address, additional_headers=headers, proxy=None, **options)


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with servers() as started, ExitStack() as running:
        started.settings.update(LIVE_SESSIONS="2", LIVE_KEPT_SEC=str(KEPT_SEC), LIVE_THREADS="1")
        port = free_port()
        begin = {
            "live": lambda: running.enter_context(started.live()),
            "gateway": lambda: running.enter_context(started.gateway(port=port)),
        }

        def kill(name: str) -> None:
            started.kill(name)
            begin[name]()

        begin["live"]()
        url = str(begin["gateway"]())
        yield Lane(started, url, running, kill)


@pytest.fixture(scope="module")
def speech() -> bytes:
    """Three sentences of the demo call, as PCM16."""
    mixed = call().mean(axis=0)[: 15 * RATE]
    return bytes((np.clip(mixed, -1, 1) * 32_767).astype("<i2").tobytes())


async def paced(sound: bytes, at: dict[int, Callable[[], None]]) -> AsyncIterator[bytes]:
    """Frames of 20 ms at absolute deadlines; what ``at`` says is done beside them."""
    began = asyncio.get_running_loop().time()
    beside = []
    for index, start in enumerate(range(0, len(sound), FRAME)):
        await asyncio.sleep(began + index * 0.02 / FASTER - asyncio.get_running_loop().time())
        if index in at:
            beside.append(asyncio.create_task(asyncio.to_thread(at[index])))
        yield sound[start : start + FRAME]
    await asyncio.gather(*beside)


def spoken(live: Live, sound: bytes, at: dict[int, Callable[[], None]]) -> list[dict[str, Any]]:
    async def all_of_it() -> list[dict[str, Any]]:
        async with asyncio.timeout(4 * WAIT_SEC):
            return [event async for event in live.events(paced(sound, at))]

    return asyncio.run(all_of_it())


def words(events: list[dict[str, Any]]) -> list[str]:
    return [word["text"] for event in events for word in event.get("words", ())]


def resuming(socket: ClientConnection) -> str:
    """The query that continues the session of a connection that has just begun."""
    started = json.loads(socket.recv(WAIT_SEC))
    return f"session_id={started['session_id']}&resume_token={started['resume_token']}"


def check_committed(events: list[dict[str, Any]]) -> None:
    before: dict[str, str] = {}
    for event in events:
        if "committed" in event:
            assert event["committed"].startswith(before.get(event["segment_id"], ""))
            before[event["segment_id"]] = event["committed"]
    sequence = [event["seq"] for event in events if "seq" in event]
    assert sequence == list(range(1, len(sequence) + 1))


def test_words_come_while_they_are_spoken_and_survive_any_death(lane: Lane, speech: bytes) -> None:
    with lane.open() as socket:
        lost = resuming(socket)
        socket.send(bytes(FRAME))
    undisturbed = spoken(Live(**lane.options()), speech, {})
    check_committed(undisturbed)
    assert len(words(undisturbed)) > 30
    assert any(event["type"] == "partial" for event in undisturbed)
    *_, ended = undisturbed
    assert (ended["type"], ended["reason"]) == ("session.ended", "client")
    assert lane.submitted(UUID(ended["recording_id"]))

    live = Live(**lane.options())
    deaths = {150: lambda: lane.kill("live"), 450: lambda: lane.kill("gateway")}
    disturbed = spoken(live, speech, deaths)
    assert live.connections > 1
    check_committed(disturbed)
    assert words(disturbed) == words(undisturbed)
    assert disturbed[-1]["duration_ms"] == ended["duration_ms"]

    lost_id = UUID(parse_qs(lost)["session_id"][0])
    waiting.until(
        lambda: lane.submitted(lost_id), KEPT_SEC + WAIT_SEC, "the end of the lost session"
    )


def test_one_session_more_than_there_is_room_for_is_refused_at_once(lane: Lane) -> None:
    with lane.open() as first, lane.open() as other:
        assert json.loads(first.recv(WAIT_SEC))["type"] == "session.started"
        other.recv(WAIT_SEC)
        began = time.monotonic()
        with lane.open() as second, pytest.raises(ConnectionClosed) as closed:
            second.recv(WAIT_SEC)
        assert time.monotonic() - began < WAIT_SEC / 3
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert json.loads(closed.value.rcvd.reason)["retry_after_ms"] > 0
        for socket in (first, other):
            socket.send(json.dumps({"type": "end"}))
            ended = json.loads(socket.recv(WAIT_SEC))
            assert (ended["type"], ended["recording_id"]) == ("session.ended", None)


def test_a_session_is_kept_for_a_while_and_only_for_its_own_client(lane: Lane) -> None:
    with lane.open() as first:
        resumed = resuming(first)
        first.send(bytes(FRAME))
    stranger = lane.stack.token(tenant="acme")
    for token, query in ((None, resumed[:-1] + "!"), (stranger, resumed)):
        with pytest.raises(InvalidStatus) as refused, lane.open(token, query):
            pass
        assert refused.value.response.status_code == 404
    with lane.open(query=resumed) as second:
        assert json.loads(second.recv(WAIT_SEC))["next_frame"] == 1
    with lane.open(query=resumed) as third:
        third.recv(WAIT_SEC)
        with lane.open(query=resumed) as fourth:
            fourth.recv(WAIT_SEC)
            third.send(bytes(FRAME))
            with pytest.raises(ConnectionClosed) as closed:
                third.recv(WAIT_SEC)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4009
            fourth.send(json.dumps({"type": "end"}))
            assert json.loads(fourth.recv(WAIT_SEC))["type"] == "session.ended"


def test_what_cannot_be_taken_is_refused_with_the_reason(lane: Lane) -> None:
    for query in ("rate=7", "format=mp3", "language=fr", "colour=red", f"session_id={UUID(int=1)}"):
        with pytest.raises(InvalidStatus) as refused, lane.open(query=query):
            pass
        assert refused.value.response.status_code == 422, query
    reader = lane.stack.token("read")
    with pytest.raises(InvalidStatus) as forbidden, lane.open(reader):
        pass
    assert forbidden.value.response.status_code == 403
    with lane.open() as socket:
        resumed = resuming(socket)
    for message in (b"odd", "hello", json.dumps({"type": "sing"})):
        with lane.open(query=resumed) as socket:
            socket.recv(WAIT_SEC)
            socket.send(message)
            error = json.loads(socket.recv(WAIT_SEC))
            assert error["type"] == "error"
            assert error["detail"]
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(WAIT_SEC)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1003
    with lane.open(query=resumed) as socket:
        socket.recv(WAIT_SEC)
        socket.send(json.dumps({"type": "end"}))
        assert json.loads(socket.recv(WAIT_SEC))["type"] == "session.ended"


def test_a_session_that_was_ended_says_so_also_to_a_client_that_speaks_on(lane: Lane) -> None:
    async def end(session: Session) -> bool:
        async with Redis.from_url(lane.stack.redis_url) as redis:
            return await clients.end(redis, session, "too_long")

    with lane.open() as socket:
        session = Session(json.loads(socket.recv(WAIT_SEC))["session_id"])
        socket.send(bytes(FRAME))
        assert asyncio.run(end(session))
        for _ in range(10):
            socket.send(bytes(FRAME))
        ended = json.loads(socket.recv(WAIT_SEC))
        assert (ended["type"], ended["reason"], ended["frame"]) == ("session.ended", "too_long", 0)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(WAIT_SEC)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000


def test_a_session_that_ends_its_processes_is_given_up_with_its_sound(lane: Lane) -> None:
    async def lose(session: Session) -> None:
        async with Redis.from_url(lane.stack.redis_url) as redis:
            await redis.hset(session.state, "claims", owners.MOST_CLAIMS)
            await redis.delete(session.lease)

    with lane.open() as socket:
        session = Session(json.loads(socket.recv(WAIT_SEC))["session_id"])
        for _ in range(3):
            socket.send(bytes(FRAME))
        asyncio.run(lose(session))
        error, ended = (json.loads(socket.recv(WAIT_SEC)) for _ in range(2))
    assert (error["type"], error["code"]) == ("error", "recogniser_failed")
    assert (ended["reason"], ended["recording_id"]) == ("recogniser_failed", session.id)
    assert lane.submitted(UUID(session.id))


def test_a_browser_brings_a_ticket_among_its_protocols(lane: Lane) -> None:
    with client_of(lane.stack, lane.url) as client:
        ticket = client.post("/tickets").json()["ticket"]
    offered = [Subprotocol("earshot.v1"), Subprotocol(ticket)]
    with lane.open(subprotocols=offered) as socket:
        assert socket.subprotocol == "earshot.v1"
        socket.recv(WAIT_SEC)
        socket.send(json.dumps({"type": "end"}))
        assert json.loads(socket.recv(WAIT_SEC))["type"] == "session.ended"
    with pytest.raises(InvalidStatus) as refused, lane.open(subprotocols=offered):
        pass
    assert refused.value.response.status_code == 401


def test_the_command_prints_what_the_standard_input_says(
    lane: Lane, speech: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(lane.stack.token())
    words_ = [sys.executable, "-m", "earshot", "listen", "-", "--url", lane.url]
    done = subprocess.run(
        [*words_, "--token-file", str(file)],
        input=speech[: 2 * 6 * RATE],
        env={**os.environ, **lane.stack.env()},
        capture_output=True,
        timeout=2 * WAIT_SEC,
        check=True,
    )
    assert "calling the delivery service" in done.stdout.decode()
    [said] = done.stderr.decode().splitlines()  # and no warning of asyncio's
    assert "will be analysed" in said


def test_a_source_that_fails_ends_the_session(lane: Lane) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(FRAME)
        raise BadAudio("truncated", "the file ends in the middle")

    async def all_of_it() -> list[dict[str, Any]]:
        async with asyncio.timeout(WAIT_SEC / 2):
            return [event async for event in Live(**lane.options()).events(broken())]

    with pytest.raises(BadAudio, match="ends in the middle"):
        asyncio.run(all_of_it())
