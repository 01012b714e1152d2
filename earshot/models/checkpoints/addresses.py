"""Addresses of checkpoints: where their files come from, and their digests there."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from earshot.analysis.types import Frozen

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A revision with a fixed meaning."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Kind = Literal["embedded", "package", "hf", "pypi", "https", "file", "mirror", "catalog"]
KINDS: dict[str, Kind] = {
    "package": "package",
    "hf": "hf",
    "pypi": "pypi",
    "https": "https",
    "http": "https",
    "file": "file",
    "mirror": "mirror",
    "catalog": "catalog",
}
"""Source of the checkpoint by scheme of its uri; a uri without scheme is a file below
``models/``."""
WHEEL = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+]+)@(?P<sha256>[0-9a-f]{64})"
)


class Source(Frozen):
    """A further address of a checkpoint, with the digests of the files there: two conversions of
    the same weights differ in their bytes."""

    uri: str
    digests: Annotated[dict[str, Sha256], Field(min_length=1)]
    size: int | None = None


class Wheel(NamedTuple):
    """One package of an index."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """As ``pip`` takes it."""
        return f"{self.name}=={self.version}"


def wheels_of(uri: str) -> tuple[Wheel, ...]:
    """The packages of a ``pypi:name==version@sha256,...``, in its order.

    Raises:
        ValueError: not of that form.
    """
    found = [WHEEL.fullmatch(part) for part in uri.removeprefix("pypi:").split(",")]
    wheels = tuple(Wheel(*each.group("name", "version", "sha256")) for each in found if each)
    if len(wheels) < len(found):
        raise ValueError(f"uri {uri!r}: write pypi:name==version@sha256, of several with commas")
    return wheels


def package_folder(uri: str, files: Sequence[str]) -> Path | None:
    """Folder of a ``package:module/folder`` that has these files, or of ``package:``, where modules
    with these files lie side by side; None if there is none. Imports nothing. Files with other
    bytes are refused where they are opened, with the reason."""
    module, _, inside = uri.removeprefix("package:").partition("/")
    found = find_spec(module or PurePosixPath(files[0]).parts[0])
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place) / inside if module else Path(place).parent
        if folder.is_dir() and all((folder / file).is_file() for file in files):
            return folder
    return None


def check_path(path: str) -> None:
    """Checks a file name of a hub or catalog.

    Raises:
        ValueError: it could lead out of a checkpoint's folder.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\x00" in path:
        raise ValueError(f"{path!r} is no path below a folder")


def digest_of(files: Mapping[str, str]) -> str:
    """One sha256 for a checkpoint: of its only file, or of the list that ``sha256sum`` prints of
    several, sorted by path."""
    if len(files) < 2:
        return next(iter(files.values()), "")
    return hashlib.sha256(
        "".join(f"{files[path]}  {path}\n" for path in sorted(files)).encode()
    ).hexdigest()
