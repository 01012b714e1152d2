"""Downloads a file, and resumes an interrupted download of this or another process."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from earshot.analysis.errors import EarshotError, Forbidden, Permanent, Unavailable
from earshot.net.client import BROKEN, FAILED, Client, Response
from earshot.net.retry import ATTEMPTS, is_passing, pause_sec, retry_after


class _BrokenOff(NamedTuple):
    """Why an attempt ended early, and the seconds that the server asks to wait."""

    reason: str
    wait_sec: float = 0.0


def download(
    client: Client, url: str, part: Path, size: int | None, watch: Callable[[int], None]
) -> None:
    """Downloads into ``part``, which may contain the beginning of the file already.

    Args:
        size: bytes of the file, if known.
        watch: called repeatedly with the number of bytes in ``part``.

    Raises:
        Forbidden: ``unreadable``, the server requires another token, or refuses any.
        Permanent: ``http_status``, the file does not exist, or the server responds unexpectedly.
        Unavailable: the server does not answer, or interrupts the download ``ATTEMPTS`` times in a
            row without a further byte; the next call resumes with the bytes received.
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
            f"its server announced {size} bytes and sent a different number"
        )
        if fruitless == ATTEMPTS:
            raise _gave_up(url, have, broken.reason)
        time.sleep(pause_sec(fruitless or 1, broken.wait_sec))


def _attempt(
    client: Client, url: str, part: Path, before: int, watch: Callable[[int], None]
) -> _BrokenOff | None:
    """Requests the rest of the file. Returns the interruption, or None if the response is
    complete."""
    headers = {"Range": f"bytes={before}-"} if before else {}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 416:  # the part is not the beginning of this file
                part.unlink(missing_ok=True)
                return _BrokenOff("the partial file does not fit its size")
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
                    f"{url} cannot be fetched: its server sent a different range than requested",
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
        # Blocks as they arrive: a fixed size would lose a block that an interruption cuts.
        for block in answer.iter_bytes():
            file.write(block)
            done += len(block)
            watch(done)


def refused(url: str, status: int, headers: Mapping[str, Any]) -> EarshotError:
    """The error for a response that a retry would get again."""
    reason = headers.get("X-Error-Message") or f"its server answers {status}"
    if status in (401, 403):
        return Forbidden("unreadable", f"{url} may not be read: {reason}")
    return Permanent("http_status", f"{url} cannot be fetched: {reason}")


def _gave_up(url: str, have: int, reason: str) -> Unavailable:
    kept = f"; {have} bytes are kept, the same command resumes there" if have else ""
    return Unavailable(
        "source_unavailable", f"{url} cannot be fetched: {' '.join(reason.split())}{kept}"
    )
