"""A model hub on this machine: the answers of the real one that ``earshot models pull`` needs, and
its ways to fail."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE = 1000
"""From so many bytes on a file is kept on another host, to which the hub redirects, and the hub
knows its sha256."""


@dataclass
class Hub:
    """What it holds and how it behaves; the tests change both while it runs."""

    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    """Name to commit to path to content; the last commit is ``main``."""
    token: str = ""
    """Without it nobody reads files; empty: everybody does."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Path to a size that is not true."""
    hashes: dict[str, str] = field(default_factory=dict)
    """Path to a sha256 that is not true."""
    breaks_after: list[int] = field(default_factory=list)
    """Bytes after which the next answers break off."""
    busy: bool = False
    ranges: bool = True
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Path, range and token of every request for a file's bytes."""
    sent: int = 0
    url: str = ""

    def put(self, name: str, **files: bytes) -> str:
        """A new commit; ``__`` stands for a dot and ``___`` for a slash in a path. Returns its
        hash."""
        paths = {
            path.replace("___", "/").replace("__", "."): content for path, content in files.items()
        }
        commit = hashlib.sha1(repr(sorted(paths.items())).encode()).hexdigest()
        self.repositories.setdefault(name, {})[commit] = paths
        return commit

    def requests(self, path: str) -> list[str]:
        """Ranges of the requests for the bytes of a file."""
        return [asked for where, asked, _ in self.asked if where.endswith(path)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._describe("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main")
        elif parts[0] == "cdn":
            self._send("/".join(parts[1:3]), parts[3], "/".join(parts[4:]))
        elif len(parts) > 4 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "")

    def _describe(self, name: str, revision: str) -> None:
        commits = self.hub.repositories.get(name)
        if commits is None:
            self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound")
            return
        commit = list(commits)[-1] if revision == "main" else revision
        if commit not in commits:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
            return
        siblings = [self._sibling(path, content) for path, content in commits[commit].items()]
        body = json.dumps(
            {
                "id": name,
                "sha": commit,
                "siblings": siblings,
                "tags": [],
                "private": False,
                "downloads": 0,
            }
        ).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _sibling(self, path: str, content: bytes) -> dict[str, Any]:
        size = self.hub.sizes.get(path, len(content))
        told: dict[str, Any] = {
            "rfilename": path,
            "size": size,
            "blobId": hashlib.sha1(content).hexdigest(),
        }
        if len(content) >= LARGE:
            digest = self.hub.hashes.get(path) or hashlib.sha256(content).hexdigest()
            told["lfs"] = {"sha256": digest, "size": size, "pointerSize": 134}
        return told

    def _resolve(self, name: str, commit: str, path: str) -> None:
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            known = "Authorization" in self.headers
            self._refuse(HTTPStatus.FORBIDDEN if known else HTTPStatus.UNAUTHORIZED, "GatedRepo")
        elif len(self.hub.repositories[name][commit][path]) >= LARGE:
            self.send_response(HTTPStatus.FOUND)
            self.send_header(
                "Location",
                f"{self.hub.url.replace('127.0.0.1', 'localhost')}/cdn/{name}/{commit}/{path}",
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(name, commit, path)

    def _send(self, name: str, commit: str, path: str) -> None:
        content, wanted = (
            self.hub.repositories[name][commit].get(path),
            self.headers.get("Range", ""),
        )
        self.hub.asked.append((f"{name}/{path}", wanted, self.headers.get("Authorization", "")))
        if content is None or self.hub.busy:
            self._refuse(
                HTTPStatus.NOT_FOUND if content is None else HTTPStatus.SERVICE_UNAVAILABLE, ""
            )
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.hub.ranges else 0
        if start >= len(content) > 0:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "")
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        part = content[start:]
        if self.hub.breaks_after:
            part = part[: self.hub.breaks_after.pop(0)]
            self.close_connection = True
        self.hub.sent += len(part)  # before: who has read all of it may ask at once
        self.wfile.write(part)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def running() -> Iterator[Hub]:
    """A hub on a free port of this machine, stopped at the end."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
