"""Copies a file from a web server, going on where an earlier attempt broke off, in this process or
another."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2

from earshot.analysis.errors import EarshotError, Forbidden, Permanent, Unavailable

SILENT_SEC = 30.0
"""Without a byte."""
FRUITLESS = 3
"""Attempts in a row that may end without a byte before it is given up; what has come is kept."""
PAUSE_SEC = 1.0
BROKEN = (httpx2.TransportError, httpx2.DecodingError)


def open_client(headers: Mapping[str, str] | None = None) -> httpx2.Client:
    """A client that follows redirections. Its headers with a token go to no other host than the one
    that is asked first."""
    plain = {
        "Accept-Encoding": "identity",
        **(headers or {}),
    }  # sizes and ranges are those of the file, not of a packed one
    return httpx2.Client(follow_redirects=True, timeout=SILENT_SEC, headers=plain)


def download(
    client: httpx2.Client, url: str, part: Path, size: int | None, watch: Callable[[int], None]
) -> None:
    """Fills ``part``, which may hold the beginning already, until it holds the whole file.

    Args:
        size: bytes of the file, where they are known beforehand.
        watch: told now and then how many bytes of it there are.

    Raises:
        Forbidden: ``unreadable``, the server asks for another token, or none will do.
        Permanent: ``http_status``, there is no such file, or the server does something else.
        Unavailable: it does not answer, or breaks off again and again; the next call goes on from
            there.
    """
    fruitless = most = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if size is not None and before > size:
            before = 0
            part.unlink()
        if before == size:
            watch(before)
            return
        said = _attempt(client, url, part, before, watch)
        if said is None and (size is None or part.stat().st_size == size):
            return
        have = part.stat().st_size if part.exists() else 0
        fruitless, most = (
            (0, have) if have > max(most, before) else (fruitless + 1, max(most, have))
        )
        if fruitless == FRUITLESS:
            raise _gave_up(url, have, said or f"it has not the {size} bytes that were announced")
        time.sleep(PAUSE_SEC)


def _attempt(
    client: httpx2.Client, url: str, part: Path, before: int, watch: Callable[[int], None]
) -> str | None:
    """One request for the rest. Returns what broke it off, or None when the server has sent all
    that it meant to send."""
    headers = {"Range": f"bytes={before}-"} if before else {}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 416:  # what is here is no beginning of the file
                part.unlink(missing_ok=True)
                return "it has another size than the part that is here"
            if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
                return f"its server answers {answer.status_code}"
            if answer.status_code not in (200, 206):
                raise refused(url, answer.status_code, answer.headers)
            resumed = answer.status_code == 206 and answer.headers.get(
                "Content-Range", ""
            ).startswith(f"bytes {before}-")
            if answer.status_code == 206 and not resumed:
                raise Permanent(
                    "http_status",
                    f"{url} cannot be fetched: its server sends another part than was asked for",
                )
            _write(answer, part, before if resumed else 0, watch)
    except BROKEN as error:
        return str(error) or type(error).__name__
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise Permanent("http_status", f"{url} cannot be fetched: {error}") from error
    return None


def _write(answer: httpx2.Response, part: Path, done: int, watch: Callable[[int], None]) -> None:
    with part.open("ab" if done else "wb") as file:
        watch(done)
        for block in (
            answer.iter_bytes()
        ):  # as it comes: blocks of a size would be lost with a line that breaks within one
            file.write(block)
            done += len(block)
            watch(done)


def refused(url: str, status: int, headers: Mapping[str, Any]) -> EarshotError:
    """The error for an answer that no other attempt will better."""
    said = headers.get("X-Error-Message") or f"its server answers {status}"
    if status in (401, 403):
        return Forbidden("unreadable", f"{url} may not be read: {said}")
    return Permanent("http_status", f"{url} cannot be fetched: {said}")


def _gave_up(url: str, have: int, said: str) -> Unavailable:
    kept = f"; {have} bytes are kept, the same command goes on from there" if have else ""
    return Unavailable(
        "source_unavailable", f"{url} cannot be fetched: {' '.join(said.split())}{kept}"
    )
