"""Clients of gateways that tests start themselves."""

import httpx2

from tests.servers import Stack


def client_of(
    stack: Stack, url: str, scope: str = "write", tenant: str = "default"
) -> httpx2.Client:
    """A client with a new token; the caller closes it."""
    return httpx2.Client(
        base_url=url,
        headers={"Authorization": f"Bearer {stack.token(scope, tenant)}"},
        timeout=120,
        trust_env=False,
    )
