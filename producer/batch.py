"""Analyses a folder of files once: stored results are taken, work in progress is followed, the rest
is submitted, a bounded number at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from earshot.analysis.errors import EarshotError
from earshot.analysis.types import Frozen
from earshot.audio.store.source import content_hash
from earshot.pipeline.intake.known import known
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.lookup import Stored
from producer.follow import POLL_SEC, FileProgress, advanced
from producer.patience import Patience
from producer.submit import OF_ONE_FILE, Options, Submission, submit


class Content(Frozen):
    """Files with the same bytes: one call."""

    sha256: str
    paths: tuple[Path, ...]


class Done(Frozen):
    """A call that needs nothing more."""

    content: Content
    progress: FileProgress
    reused: bool
    """It was finished before."""
    seconds: float
    """From its submission, or from the start of this batch, to its end."""


class Refused(Frozen):
    """A file that was not submitted."""

    path: Path
    code: str
    detail: str
    same_as: Path | None = None
    """The first of the files with the same content, if it is not this one."""


def contents(paths: Sequence[Path], threads: int) -> tuple[list[Content], list[Refused]]:
    """The files by their content, in order, and those that cannot be read.

    Args:
        threads: files that are read at a time.
    """
    found: dict[str, list[Path]] = {}
    unreadable: list[Refused] = []
    with ThreadPoolExecutor(threads) as pool:
        for path, digest in zip(paths, pool.map(_digest, paths), strict=True):
            if isinstance(digest, Refused):
                unreadable.append(digest)
            else:
                found.setdefault(digest, []).append(path)
    return [Content(sha256=key, paths=tuple(each)) for key, each in found.items()], unreadable


def _digest(path: Path) -> str | Refused:
    try:
        return content_hash(path)
    except OF_ONE_FILE as error:
        return refused(path, error)


def refused(path: Path, error: EarshotError | OSError | ValueError) -> Refused:
    """Why a file is not submitted."""
    if isinstance(error, EarshotError):
        return Refused(path=path, code=error.code, detail=str(error))
    if isinstance(error, OSError):
        return Refused(path=path, code="unreadable", detail=error.strerror or str(error))
    return Refused(path=path, code="invalid", detail=" ".join(str(error).split()))


def stored(
    connection: Connection, found: Sequence[Content], options: Options, *, failed_again: bool
) -> dict[str, Stored]:
    """As ``earshot.pipeline.intake.known``, of these contents."""
    digests = [content.sha256 for content in found]
    wanted = options.model_dump(mode="json")
    return known(connection, digests, wanted, failed_again=failed_again)


class Run:
    """One pass over the contents of a folder."""

    def __init__(
        self,
        patience: Patience,
        options: Options,
        in_work: int,
        held: Callable[[Connection], str | None],
    ) -> None:
        """
        Args:
            in_work: contents that are analysed at a time.
            held: a reason why nothing more may be submitted now, or None.
        """
        self._patience, self._options, self._in_work, self._held = patience, options, in_work, held
        self._open: dict[str, tuple[Content, FileProgress, float]] = {}
        self._waiting: deque[Content] = deque()
        self.held_sec: dict[str, float] = {}
        """Reason of ``held`` to the time in which calls waited for it alone."""

    def __call__(
        self, found: Sequence[Content], answers: Mapping[str, Stored]
    ) -> Iterator[Done | Refused]:
        """Yields every call as soon as it is finished; of one that is not submitted, its files."""
        began = time.monotonic()
        for content in found:
            answer = answers.get(content.sha256)
            if answer is None:
                self._waiting.append(content)
                continue
            progress = _of_stored(content.paths[0], answer)
            if progress.finished:
                yield Done(content=content, progress=progress, reused=True, seconds=0)
            else:
                self._open[content.sha256] = content, progress, began
        while self._waiting or self._open:
            self._patience.check()
            yield from self._submitted()
            yield from self._advance()
            if self._waiting or self._open:
                time.sleep(POLL_SEC)

    def _submitted(self) -> Iterator[Refused]:
        while self._waiting and len(self._open) < self._in_work:
            reason = self._patience(self._held)
            if reason is not None and self._open:  # one call alone may always be in work
                self.held_sec[reason] = self.held_sec.get(reason, 0.0) + POLL_SEC
                return
            content = self._waiting.popleft()
            submission = self._submit(content)
            if not isinstance(submission, Submission):
                yield from submission
                continue
            progress = FileProgress(submission=submission, recording_id=submission.recording_id)
            self._open[content.sha256] = content, progress, time.monotonic()

    def _submit(self, content: Content) -> Submission | list[Refused]:
        """Submits the first of the files that can be; why each cannot, if none can."""
        reasons: list[Refused] = []
        for path in content.paths:
            try:
                return submit(self._patience, path, self._options, content.sha256)
            except OF_ONE_FILE as error:
                same_as = content.paths[0] if reasons else None
                reasons.append(refused(path, error).model_copy(update={"same_as": same_as}))
        return reasons

    def _advance(self) -> Iterator[Done]:
        progress = [each for _, each, _ in self._open.values()]
        for (digest, (content, before, began)), now in zip(
            list(self._open.items()), advanced(self._patience, progress), strict=True
        ):
            self._open[digest] = content, now, began
            if now.finished or (now.vanished_at is not None and before.submission.task_id is None):
                del self._open[digest]
            if now.finished:
                took = time.monotonic() - began
                yield Done(content=content, progress=now, reused=False, seconds=took)
            elif digest not in self._open:
                # A recording of an earlier batch that turned out to be a copy of another one, whose
                # id is in an answer that nothing waits for any more.
                self._waiting.append(content)


def _of_stored(path: Path, answer: Stored) -> FileProgress:
    return FileProgress(
        submission=Submission(path=path, recording_id=answer.id, task_id=None),
        recording_id=answer.id,
        state=answer.state,
        error_code=answer.error_code,
        error_detail=answer.error_detail,
    )
