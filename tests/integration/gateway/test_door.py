"""Who may enter: tokens, scopes, tickets, rates and lengths, before a byte of a body is read."""

import json
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from cli.localstack import waiting
from earshot.settings import PROJECT
from earshot.storage.postgres import db, tokens
from gateway.door import KNOWN_SEC
from tests.servers import Stack

pytestmark = pytest.mark.integration
Make = Callable[..., httpx2.Client]


def test_health_needs_no_token(client: Make) -> None:
    answer = client(None).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "python_info" in client(None).get("/metrics").text


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer ear_wrong", 401), ("Basic eDp5", 401), ("Bearer", 401)],
)
def test_no_valid_token_is_401(client: Make, authorization: str | None, status: int) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client(None).post("/tickets", headers=headers)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["www-authenticate"] == "Bearer"


def test_every_error_is_a_problem(client: Make) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/health", 405)):
        answer = client(None).request(method, path)
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


OPERATIONS: dict[str, dict[str, object]] = json.loads(
    (PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")
)["paths"]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}


@pytest.mark.parametrize("path", OPERATIONS)
def test_405_names_the_methods_of_the_path(client: Make, path: str) -> None:
    address = re.sub(r"\{\w+\}", str(uuid4()), path)
    allowed = METHODS & {each.upper() for each in OPERATIONS[path]}
    caller = client(None)
    for method in sorted(METHODS - allowed):
        answer = caller.request(method, address)
        named = {each.strip() for each in answer.headers["allow"].split(",")}
        assert (answer.status_code, named) == (405, allowed), method


def test_a_revoked_token_ends(door: Stack, client: Make) -> None:
    made = door.earshot("token", "create", "short-lived", "--scope", "read")
    secret = made.stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    assert client(None).post("/tickets", headers=headers).status_code == 201
    assert door.earshot("token", "revoke", "short-lived").returncode == 0
    door_list = door.earshot("token", "list").stdout
    assert "short-lived" in door_list
    assert "revoked" in door_list
    assert secret not in door_list

    def refused() -> bool:
        return client(None).post("/tickets", headers=headers).status_code == 401

    waiting.until(refused, KNOWN_SEC + 5, "the end of the token")


def test_a_few_digits_revoke_nothing(door: Stack) -> None:
    with db.connect(door.database_url) as connection:
        made, _ = tokens.create(connection, "kept", "default", tokens.Scope.READ)
        for which in ("", "%", "_" * 8, str(made.id)[0], str(made.id)[:7]):
            assert tokens.revoke(connection, which) == []
        assert [each.id for each in tokens.revoke(connection, str(made.id)[:8])] == [made.id]


def test_a_ticket_is_good_for_one_request(client: Make) -> None:
    def ticket() -> str:
        return str(client("read").post("/tickets").json()["ticket"])

    bare, once = client(None), ticket()
    assert bare.get("/recordings", params={"ticket": once}).status_code == 200
    assert bare.get("/recordings", params={"ticket": once}).status_code == 401
    assert bare.get("/recordings", params={"ticket": "eat_wrong"}).status_code == 401
    assert bare.post("/tickets", params={"ticket": ticket()}).status_code == 401


def test_a_ticket_ends_with_its_token(door: Stack, client: Make) -> None:
    secret = door.earshot("token", "create", "ended", "--scope", "read").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    made = client(None).post("/tickets", headers=headers).json()["ticket"]
    assert door.earshot("token", "revoke", "ended").returncode == 0
    assert client(None).get("/recordings", params={"ticket": made}).status_code == 401


def test_all_but_health_and_metrics_need_a_token(client: Make) -> None:
    """Also what no operation of the document stands for."""
    assert client(None).get("/ready").status_code == 401
    assert client("read").get("/ready").status_code == 200
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert client(None).get(path).status_code == 404


def test_the_answer_comes_before_the_body(door: Stack) -> None:
    """A client that announces ten gigabytes without a token is refused for its headers alone."""
    url = urlsplit(door.settings["GATEWAY_URL"])
    with socket.create_connection((url.hostname, url.port), timeout=10) as line:
        line.sendall(b"POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")
        answer = line.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in answer.lower()


def test_a_long_body_is_413(door: Stack, client: Make) -> None:
    assert client("read").post("/tickets", content=b"x" * 100_000).status_code == 413
