"""Clients of gateways that tests start themselves, and what they do to upload in pieces."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.servers import Stack

DEMO = (PROJECT / "demo" / "call.ogg").read_bytes()
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
MEGA = 1 << 20


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


def metadata(**fields: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())


def begun(client: httpx2.Client, size: int, **fields: str) -> str:
    named = {"filename": "call.ogg", **fields}
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**named)}
    made = client.post("/uploads", headers=headers)
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


def piece(client: httpx2.Client, path: str, offset: int, data: bytes) -> httpx2.Response:
    return client.patch(path, headers={**PIECE, "Upload-Offset": str(offset)}, content=data)


def offset(client: httpx2.Client, path: str) -> int:
    answer = client.head(path, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def stored(stack: Stack, path: str) -> bytes:
    """What lies in the store of an upload."""
    with db.connect(stack.database_url) as connection:
        row = connection.execute("SELECT uri FROM upload WHERE id = %s", (path[9:],)).fetchone()
    assert row is not None
    return Path(row["uri"].removeprefix("file://")).read_bytes()


@contextmanager
def hanging(
    client: httpx2.Client, path: str, start: int, data: bytes, stated: int
) -> Iterator[socket.socket]:
    """A line on which a part of a piece was sent, and which breaks at the end."""
    to = urlsplit(str(client.base_url))
    head = "\r\n".join(
        f"{name}: {value}"
        for name, value in {
            "Host": "x", "Authorization": client.headers["authorization"], **PIECE,
            "Upload-Offset": str(start), "Content-Length": str(stated),
        }.items()
    )  # fmt: skip
    with socket.create_connection((to.hostname or "", to.port or 0)) as line:
        line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n\r\n".encode() + data)
        yield line


def cut(client: httpx2.Client, path: str, start: int, data: bytes, stated: int) -> None:
    """Sends a part of a piece, and breaks the line."""
    with hanging(client, path, start, data, stated):
        pass
