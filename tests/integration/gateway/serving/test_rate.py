"""The rate of a token: what may come at once comes, and no more."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

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
