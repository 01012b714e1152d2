"""A gateway of two processes: connections are spread over both, its counters are those of both, and
one that dies is replaced."""

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import numpy as np
import psutil
import pytest

from cli.localstack import processes, waiting
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

NAME = "spread"
SOUND = np.zeros(16_000, "<f4").tobytes()
CONNECTIONS = 40
STREAMS = 10


@pytest.fixture(scope="module")
def spread(door: Stack) -> Iterator[str]:
    door.settings["GATEWAY_PROCESSES"] = "2"
    try:
        with door.gateway(NAME) as url:
            waiting.until(lambda: len(listening(door, url)) == 2, 60, "two processes")
            yield url
    finally:
        del door.settings["GATEWAY_PROCESSES"]


def listening(door: Stack, url: str, status: str = psutil.CONN_LISTEN) -> dict[int, int]:
    """Process id to its number of sockets on the gateway's port, of those that have any."""
    root = processes.running(door.home, NAME)
    assert root is not None
    children = {child.pid for child in psutil.Process(root.pid).children()}
    return Counter(
        each.pid
        for each in psutil.net_connections("tcp")
        if each.pid in children and each.status == status and each.laddr.port == urlsplit(url).port
    )


def counted(url: str, series: str = 'classify_scene_total{label="silence"}') -> float:
    with httpx2.Client(base_url=url, trust_env=False, timeout=60) as bare:
        text = bare.get("/metrics").text
    (found,) = re.findall(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found)


def test_connections_and_counters_are_those_of_both(door: Stack, spread: str) -> None:
    headers = {"Authorization": f"Bearer {door.token('read')}"}
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            line = stack.enter_context(
                httpx2.Client(base_url=spread, headers=headers, trust_env=False, timeout=60)
            )
            assert line.post("/scene", content=SOUND).json()["label"] == "silence"
        held = listening(door, spread, psutil.CONN_ESTABLISHED)
    assert len(held) == 2
    assert min(held.values()) >= CONNECTIONS // 10
    assert {counted(spread) for _ in range(10)} == {CONNECTIONS}  # whichever process answers


def test_a_process_that_dies_is_replaced(door: Stack, spread: str) -> None:
    before = counted(spread)
    victim, other = listening(door, spread)
    os.kill(victim, signal.SIGKILL)

    def replaced() -> bool:
        found = listening(door, spread)
        return len(found) == 2 and victim not in found and other in found

    waiting.until(replaced, 60, "another process")
    for _ in range(20):
        assert httpx2.get(f"{spread}/health", trust_env=False).status_code == 200
    assert counted(spread) == before


def test_streams_of_a_process_that_died_do_not_count(door: Stack, spread: str) -> None:
    headers = {"Authorization": f"Bearer {door.token('read')}"}
    with ExitStack() as stack:
        for _ in range(STREAMS):
            line = stack.enter_context(httpx2.Client(base_url=spread, headers=headers, timeout=60))
            stack.enter_context(line.stream("GET", "/events"))
        assert counted(spread, "earshot_event_streams") == STREAMS
        os.kill(next(iter(listening(door, spread))), signal.SIGKILL)
        waiting.until(lambda: len(listening(door, spread)) == 2, 60, "another process")

    def none() -> bool:
        return counted(spread, "earshot_event_streams") == 0

    waiting.until(none, 30, "the end of the streams")


def test_a_second_gateway_does_not_share_the_port(door: Stack, spread: str) -> None:
    done = door.earshot("serve", "--port", str(urlsplit(spread).port))
    assert done.returncode != 0
    assert "cannot listen on" in done.stderr
    assert "Traceback" not in done.stderr
