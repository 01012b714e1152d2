"""Servers for the tests that need them: started once a session on free ports, stopped by their process ids."""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from redis import Redis

from tests.servers import Servers, Stack


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A real Redis and a real Postgres."""
    # Not below pytest's own folder: under root Postgres runs as another user, whom every new pytest session shuts out there.
    home = Path(mkdtemp(prefix="earshot-tests-"))
    yield Servers.start(home)
    Servers.stop(home)
    rmtree(home)


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    url = servers.new_database()
    yield url
    servers.drop_database(url)


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Redis."""
    with Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture
def stack(tmp_path: Path, redis_url: str, database_url: str) -> Iterator[Stack]:
    """Nothing runs yet: the test says ``stack.start(...)``, with the workers and settings it needs."""
    env = {"EARSHOT_HOME": str(tmp_path), "EARSHOT_REDIS_URL": redis_url, "EARSHOT_DATABASE_URL": database_url}
    made = Stack(home=tmp_path, env=env)
    yield made
    made.stop()
