"""Searches and deletions that last keep other requests neither from threads nor from Postgres."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest

from cli.localstack import waiting
from earshot.storage.postgres import db
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]

AT_ONCE = 15
BLOCKED = (
    "SELECT count(*) AS n FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/recordings?text=refund", 200),
        ("DELETE", "/recordings/{id}", 404),
        ("DELETE", "/sessions/{id}", 404),
    ],
)
def test_other_requests_are_answered_meanwhile(
    door: Stack, client: Make, method: str, path: str, status: int
) -> None:
    caller = client("admin")
    with (
        db.connect(door.database_url) as holder,
        db.connect(door.database_url) as looker,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        with holder.transaction():
            holder.execute("LOCK TABLE recording IN ACCESS EXCLUSIVE MODE")
            long = [
                pool.submit(caller.request, method, path.format(id=uuid4())) for _ in range(AT_ONCE)
            ]

            def all_wait() -> bool:
                row = looker.execute(BLOCKED).fetchone()
                return bool(row and row["n"] >= 3)

            waiting.until(all_wait, 10, "a number of long requests")
            began = time.monotonic()
            for _ in range(3):  # each with a token that has to be looked up
                assert client("admin").get("/webhooks").status_code == 200
            took = time.monotonic() - began
        assert {each.result().status_code for each in long} == {status}
    assert took < 5
