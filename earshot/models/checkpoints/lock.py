"""``models.lock``: revisions and digests of the pulled checkpoints, which later pulls must match.

It is stored in the models folder beside the checkpoints. The catalog takes precedence: the lock
supplies what the catalog leaves open, and an entry whose address has changed since is ignored.
Copied to another machine before its first pull, it requires the same files there.
"""

import os
from pathlib import Path

from filelock import FileLock
from pydantic import Field, ValidationError

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Frozen
from earshot.models.checkpoints.addresses import Sha256, check_path
from earshot.models.checkpoints.catalog import Checkpoint

NAME = "models.lock"


class LockedFile(Frozen):
    """One file of a checkpoint."""

    sha256: Sha256
    bytes: int = Field(ge=0)


class Locked(Frozen):
    """One checkpoint as it was pulled."""

    uri: str
    revision: str = ""
    """Commit that the hub resolved; empty for other sources."""
    files: dict[str, LockedFile]

    @property
    def digests(self) -> dict[str, str]:
        return {path: file.sha256 for path, file in self.files.items()}


class Lock(Frozen):
    """The whole file."""

    checkpoints: dict[str, Locked] = Field(default_factory=dict)

    def of(self, entry: Checkpoint) -> Locked | None:
        """The record, if it is for an address that the catalog has now."""
        found = self.checkpoints.get(entry.name)
        here = found and found.uri in {each.uri for each in entry.alternatives}
        return found if here else None


def read(folder: Path) -> Lock:
    """Reads the folder's lock; empty if there is none.

    Raises:
        Misconfigured: it was not written by ``record``.
    """
    path = folder / NAME
    try:
        lock = Lock.model_validate_json(path.read_bytes())
        for locked in lock.checkpoints.values():
            for file in locked.files:
                check_path(file)
    except FileNotFoundError:
        return Lock()
    except (ValidationError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Misconfigured(
            "models_lock", f"{path} is damaged ({reason}); restore it, or remove it and pull again"
        ) from error
    return lock


def record(folder: Path, name: str, locked: Locked) -> None:
    """Records one checkpoint; others may be recorded concurrently."""
    with FileLock(folder / ".partial" / f"{NAME}.busy"):
        lock = read(folder)
        after = Lock(checkpoints=dict(sorted({**lock.checkpoints, name: locked}.items())))
        new = folder / f".{NAME}.new"
        new.write_text(after.model_dump_json(indent=1) + "\n", encoding="utf-8")
        os.replace(new, folder / NAME)
