"""A gateway on servers of its own, and clients that speak to it over the network."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.integration.gateway.clients import client_of
from tests.servers import Stack, servers

Client = httpx2.Client


@pytest.fixture(scope="session")
def door() -> Iterator[Stack]:
    """Servers and a gateway without workers, for what needs no analysis; ``door.url`` is its
    address."""
    with servers() as started, started.gateway() as url:
        started.settings["GATEWAY_URL"] = url
        yield started


@pytest.fixture(scope="session")
def client(door: Stack) -> Iterator[Callable[..., Client]]:
    """Makes clients of the gateway: ``client("read", "acme")``; ``client(None)`` has no token."""
    with ExitStack() as open_:

        def make(scope: str | None = "write", tenant: str = "default") -> Client:
            headers = (
                {} if scope is None else {"Authorization": f"Bearer {door.token(scope, tenant)}"}
            )
            return open_.enter_context(
                httpx2.Client(
                    base_url=door.settings["GATEWAY_URL"],
                    headers=headers,
                    timeout=60,
                    trust_env=False,
                )
            )

        yield make


@pytest.fixture(scope="module")
def acme(busy: Stack) -> Iterator[Client]:
    """A client of tenant acme, of the servers that the module starts as its fixture ``busy``."""
    with client_of(busy, busy.settings["GATEWAY_URL"], tenant="acme") as made:
        yield made
