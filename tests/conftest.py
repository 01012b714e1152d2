"""Fixtures that several kinds of tests share: real servers, started once a session and stopped by
process id."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from earshot.pools import STAGES
from earshot.registry import cards
from tests.servers import Stack, servers

settings.register_profile(
    "shared machine", deadline=None
)  # how long a case takes here says nothing of the code
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def bare_servers() -> Iterator[Stack]:
    """Redis and Postgres without workers, for tests of the storage itself."""
    with servers() as started:
        yield started


@pytest.fixture(scope="session")
def database_url(bare_servers: Stack) -> str:
    return bare_servers.database_url


@pytest.fixture(scope="session")
def redis_url(bare_servers: Stack) -> str:
    return bare_servers.redis_url


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Everything that runs in production, on servers of its own."""
    with servers() as started, ExitStack() as running:
        running.enter_context(started.workers("core", *STAGES, concurrency=2))
        running.enter_context(
            started.workers("analyses", *(card.name for card in cards()), concurrency=2)
        )
        running.enter_context(started.beat())
        yield started


@pytest.fixture
def stage() -> Iterator[Stack]:
    """Servers for one test that kills, empties or breaks something; it starts its own workers."""
    with servers() as started:
        yield started


APART = ("tests/chaos/test_chaos.py",)
"""Files whose tests take minutes each and share no fixture."""


class ByFile(LoadFileScheduling):
    """The tests of a file run in one process, since they share its servers; those of ``APART`` run
    wherever there is room."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return nodeid if file in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--recordings",
        type=int,
        default=40,
        help="how many test_retention lets grow old (make growth: 3000)",
    )
    parser.addoption(
        "--upload-mb",
        type=int,
        default=400,
        help="how much forty clients upload at a time in test_upload_load (full size: 5000)",
    )
    parser.addoption(
        "--streams", type=int, default=40, help="clients of test_events while the gateway is killed"
    )
    parser.addoption(
        "--deliveries",
        type=int,
        default=150,
        help="events that test_webhooks sends to a bad receiver",
    )
    parser.addoption(
        "--write-access",
        action="store_true",
        help="write docs/http-access.md (gateway/test_access)",
    )
    parser.addoption(
        "--schemathesis-sec", default=120, help="how long gateway/test_schemathesis sends requests"
    )
