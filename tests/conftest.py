"""Fixtures that several kinds of tests share: real servers, started once a session and stopped by process id."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import Stack, servers
from workers.pools import STAGES
from workers.registry import cards


@pytest.fixture(scope="session")
def bare_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Redis and Postgres without workers, for tests of the storage itself."""
    with servers(tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture(scope="session")
def database_url(bare_servers: Stack) -> str:
    return bare_servers.database_url


@pytest.fixture(scope="session")
def redis_url(bare_servers: Stack) -> str:
    return bare_servers.redis_url


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that runs in production, on servers of its own."""
    with servers(tmp_path_factory.mktemp("stack")) as started, ExitStack() as running:
        running.enter_context(started.workers("core", *STAGES, concurrency=2))
        running.enter_context(started.workers("analyses", *(card.name for card in cards()), concurrency=2))
        running.enter_context(started.beat())
        yield started


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stack]:
    """Servers for one test that kills, empties or breaks something; it starts its own workers."""
    with servers(tmp_path) as started:
        yield started
