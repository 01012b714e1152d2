"""State of each checkpoint of the catalog on this machine."""

from pathlib import Path
from typing import Literal, NamedTuple

from earshot.models.checkpoints import lock
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.location import MODELS, differences, expected, sha256

EMBEDDED = MODELS / "embedded"

State = Literal["embedded", "package", "pulled", "missing", "altered"]


class Standing(NamedTuple):
    """Its state, a description of the problem, and its bytes if known."""

    state: State
    wrong: tuple[str, ...] = ()
    size: int | None = None


def standing(entry: Checkpoint, folder: Path, *, thorough: bool) -> Standing:
    """The state of a checkpoint.

    Args:
        folder: of pulled ones.
        thorough: read every byte of a pulled or packaged one; else only check sizes. Embedded ones
            are always read. The files that it uses besides its own are read with it.
    """
    if entry.kind == "package":
        return _packaged(entry, thorough)
    if entry.kind == "embedded":
        return _embedded(entry)
    locked = lock.read(folder).of(entry)
    size = sum(file.bytes for file in locked.files.values()) if locked else entry.size
    digests, place = expected(entry, folder), folder / entry.name
    if not digests or not place.is_dir():
        return Standing("missing", (), size)
    wrong = (
        differences(place, digests)
        if thorough
        else _sizes(place, lock.read(folder).of(entry), digests)
    )
    return Standing(
        "altered" if wrong else "pulled", tuple(f"{place}/{each}" for each in wrong), size
    )


def _packaged(entry: Checkpoint, thorough: bool) -> Standing:
    folder = entry.folder_in_package
    if folder is None:
        return Standing("missing", (f"{entry.uri} is not installed, or another version of it",))
    wrong: tuple[str, ...] = ()
    if thorough:
        own = (f"{folder}/{each}" for each in differences(folder, entry.pinned))
        wrong = (*own, *_beside(entry))
    return Standing("altered" if wrong else "package", wrong, entry.size)


def _embedded(entry: Checkpoint) -> Standing:
    path = MODELS / entry.uri
    if not path.is_file():
        return Standing("missing", (f"{path} is missing",))
    wrong = _beside(entry)
    if sha256(path) != entry.sha256:
        wrong = (f"{path} is not the file that the catalog means", *wrong)
    return Standing("altered" if wrong else "embedded", wrong, path.stat().st_size)


def _beside(entry: Checkpoint) -> tuple[str, ...]:
    return tuple(f"{EMBEDDED}/{each}" for each in differences(EMBEDDED, entry.beside))


def _sizes(place: Path, locked: lock.Locked | None, digests: dict[str, str]) -> list[str]:
    missing = [f"{path} is missing" for path in digests if not (place / path).is_file()]
    if missing or locked is None:
        return missing
    sizes = {path: (place / path).stat().st_size for path in digests}
    return [
        f"{path} has {sizes[path]} bytes, not {file.bytes}"
        for path, file in locked.files.items()
        if sizes.get(path, file.bytes) != file.bytes
    ]
