"""Copies a file from a web server, resuming where an earlier attempt broke off, in this process or
another."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from earshot.analysis.errors import EarshotError, Forbidden, Permanent, Unavailable
from earshot.net.client import BROKEN, FAILED, Client, Response
from earshot.net.retry import ATTEMPTS, is_passing, pause_sec, retry_after


class _BrokenOff(NamedTuple):
    """Why an attempt ended early, and for how many seconds its server asks to wait."""

    reason: str
    wait_sec: float = 0.0


def download(
    client: Client, url: str, part: Path, size: int | None, watch: Callable[[int], None]
) -> None:
    """Fills ``part``, which may hold the beginning already, until it holds the whole file.

    Args:
        size: bytes of the file, where they are known beforehand.
        watch: called now and then with the number of bytes that are there.

    Raises:
        Forbidden: ``unreadable``, the server asks for another token, or none will do.
        Permanent: ``http_status``, there is no such file, or the server does something else.
        Unavailable: it does not answer, or breaks off ``ATTEMPTS`` times in a row without a further
            byte; what came is kept, and the next call resumes there.
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
        broken = _attempt(client, url, part, before, watch)
        if broken is None and (size is None or part.stat().st_size == size):
            return
        have = part.stat().st_size if part.exists() else 0
        fruitless, most = (
            (0, have) if have > max(most, before) else (fruitless + 1, max(most, have))
        )
        broken = broken or _BrokenOff(
            f"its server announced {size} bytes and sent another number of them"
        )
        if fruitless == ATTEMPTS:
            raise _gave_up(url, have, broken.reason)
        time.sleep(pause_sec(fruitless or 1, broken.wait_sec))


def _attempt(
    client: Client, url: str, part: Path, before: int, watch: Callable[[int], None]
) -> _BrokenOff | None:
    """One request for the rest. Returns what broke it off, or None when the answer is complete."""
    headers = {"Range": f"bytes={before}-"} if before else {}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 416:  # what is here is no beginning of the file
                part.unlink(missing_ok=True)
                return _BrokenOff("it has another size than the part that is here")
            if is_passing(answer.status_code):
                return _BrokenOff(
                    f"its server answers {answer.status_code}", retry_after(answer.headers)
                )
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
        return _BrokenOff(str(error) or type(error).__name__)
    except FAILED as error:
        raise Permanent("http_status", f"{url} cannot be fetched: {error}") from error
    return None


def _write(answer: Response, part: Path, done: int, watch: Callable[[int], None]) -> None:
    with part.open("ab" if done else "wb") as file:
        watch(done)
        for block in (
            answer.iter_bytes()
        ):  # as it comes: blocks of a size would be lost with a line that breaks within one
            file.write(block)
            done += len(block)
            watch(done)


def refused(url: str, status: int, headers: Mapping[str, Any]) -> EarshotError:
    """The error for an answer that another attempt would get again."""
    reason = headers.get("X-Error-Message") or f"its server answers {status}"
    if status in (401, 403):
        return Forbidden("unreadable", f"{url} may not be read: {reason}")
    return Permanent("http_status", f"{url} cannot be fetched: {reason}")


def _gave_up(url: str, have: int, reason: str) -> Unavailable:
    kept = f"; {have} bytes are kept, the same command goes on from there" if have else ""
    return Unavailable(
        "source_unavailable", f"{url} cannot be fetched: {' '.join(reason.split())}{kept}"
    )
