"""The rate of a token: what may come at once comes, and no more."""

import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from cli.localstack import processes, waiting
from earshot.storage.postgres.tokens import BYTES, PREFIX
from gateway.rate import FAILED_BURST, FAILED_PER_SEC
from tests.servers import Stack

pytestmark = pytest.mark.integration

PER_SEC, BURST = 20, 40


@pytest.fixture(scope="module")
def limited(door: Stack) -> Iterator[str]:
    door.settings |= {"REQUESTS_PER_SEC": str(PER_SEC), "REQUESTS_BURST": str(BURST)}
    try:
        with door.gateway("limited") as url:
            yield url
    finally:
        del door.settings["REQUESTS_PER_SEC"], door.settings["REQUESTS_BURST"]


def client(door: Stack, url: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {door.token('read')}"}
    return httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=60)


@pytest.mark.parametrize("at_once", [1, 20])
def test_a_burst_and_then_the_rate(door: Stack, limited: str, at_once: int) -> None:
    with client(door, limited) as caller, ThreadPoolExecutor(at_once) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: caller.post("/tickets"), range(3 * BURST)))
        lasted = time.monotonic() - began
        taken = [answer for answer in answers if answer.status_code == 201]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(taken) + len(refused) == len(answers)
        assert BURST <= len(taken) <= BURST + PER_SEC * lasted + 1
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert {answer.json()["code"] for answer in refused} == {"too_many_requests"}


def test_another_token_has_a_rate_of_its_own(door: Stack, limited: str) -> None:
    with client(door, limited) as busy, client(door, limited) as other:
        while busy.post("/tickets").status_code == 201:
            pass
        assert other.post("/tickets").status_code == 201


def test_tokens_that_are_none_are_looked_up_at_a_rate(door: Stack, limited: str) -> None:
    """Each look-up asks Postgres. A token that was valid before is not affected by them."""
    at_once = 20
    with client(door, limited) as valid, httpx2.Client(base_url=limited, trust_env=False) as bare:
        assert valid.post("/tickets").status_code == 201

        def refused(_: int) -> int:
            wrong = {"Authorization": f"Bearer {PREFIX}{secrets.token_urlsafe(BYTES)}"}
            return bare.post("/tickets", headers=wrong).status_code

        with ThreadPoolExecutor(at_once) as pool:
            began = time.monotonic()
            counted = Counter(pool.map(refused, range(4 * FAILED_BURST)))
            lasted = time.monotonic() - began
        assert set(counted) == {401, 429}
        # all at once are looked up after each pause of a second
        passed = (at_once + FAILED_PER_SEC) * (1 + lasted)
        assert FAILED_BURST <= counted[401] <= FAILED_BURST + passed
        assert valid.post("/tickets").status_code == 201
        assert bare.post("/tickets", headers={"Authorization": "Bearer no"}).status_code == 401


def test_a_frozen_redis_keeps_nobody_waiting_in_turn(door: Stack, limited: str) -> None:
    frozen = processes.running(door.home, "redis")
    assert frozen is not None
    with client(door, limited) as caller, ThreadPoolExecutor(20) as pool:

        def known() -> bool:  # the address may have failed too often
            return caller.get("/recordings").status_code == 200

        waiting.until(known, 10, "a token that is known")
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            answers = list(pool.map(lambda _: caller.get("/recordings"), range(20)))
            lasted = time.monotonic() - began
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {200}
    assert lasted < 10
