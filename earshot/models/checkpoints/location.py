"""Finds a release's checkpoint on disk and verifies it against the catalog or the pull. Never uses
a network."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.checkpoints import catalog, licence, lock
from earshot.models.checkpoints.addresses import digest_of
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.options import Options

MODELS = Path(__file__).resolve().parent.parent


class Located(NamedTuple):
    """Location of a verified checkpoint: its path, preceded by that of its base; and one sha256 for
    all of it."""

    paths: tuple[Path, ...]
    sha256: str


def locate(release: Release, options: Options) -> Path:
    """Path of the verified checkpoint: a file, or a folder if it consists of several.

    Raises:
        Misconfigured: it, or its base, is absent, or its sha256 is not the release's.
        Forbidden: its licence does not allow the use of this installation.
    """
    return locate_parts(release, options).paths[-1]


def locate_parts(release: Release, options: Options) -> Located:
    """As ``locate``, including the base of an adapter."""
    entries = catalog.known(options.models_catalog)
    for each in entries:  # by its file too: a licence applies under any name
        if release.name == each.name or release.uri == each.uri:
            licence.check(each, options.commercial_use)
    if (
        ":" not in release.uri or Path(release.uri).is_absolute()
    ):  # a URI begins with its scheme, so no slash
        return Located((_embedded(release),), release.sha256)
    entry = next((each for each in entries if each.name == release.name), None)
    if entry is None or entry.uri != release.uri:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {release.uri} is neither a file below models/ nor an entry of the"
            " catalog; correct its uri, or name its catalog in EARSHOT_MODELS_CATALOG",
        )
    if entry.kind == "package":
        meant = entry.release().sha256
        if release.sha256 not in ("", meant):
            raise Misconfigured(
                "checkpoint",
                f"{release.name} is not the one that the release means ({meant}, not"
                f" {release.sha256}); all machines need the same version of the project",
            )
        return Located((_packaged(entry),), release.sha256)
    parts = catalog.parts(entry, entries)
    for each in parts:
        licence.check(each, options.commercial_use)
    paths = tuple(_pulled(each, entry, options.models_folder) for each in parts)
    return Located(paths, _checked(release, parts, options.models_folder))


def beside(file: str) -> Path:
    """Path of a verified file below ``models/embedded`` that releases use besides their own.

    Raises:
        Misconfigured: it is missing, or not the one that the catalog means.
    """
    found = next(entry.beside[file] for entry in catalog.load() if file in entry.beside)
    uri = f"embedded/{file}"
    return _embedded(Release(analysis="", name=file, runtime="", uri=uri, sha256=found))


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expected(entry: Checkpoint, folder: Path) -> dict[str, str]:
    """File to sha256 of a fetched checkpoint, by the catalog or else by ``models.lock``; empty if
    not known yet."""
    locked = lock.read(folder).of(entry)
    pinned = {each.uri: each.pinned for each in entry.alternatives}
    return pinned[locked.uri if locked else entry.uri] or (locked.digests if locked else {})


def digest(parts: Sequence[Checkpoint], folder: Path) -> str:
    """One sha256 for fetched entries that make up one checkpoint (``catalog.parts``); empty if not
    known yet."""
    if len(parts) == 1:
        return digest_of(expected(parts[0], folder))
    known = {each.name: expected(each, folder) for each in parts}
    return digest_of(
        {f"{name}/{path}": found for name, files in known.items() for path, found in files.items()}
    )


def differences(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """Missing or altered files, as text; reads all of them."""
    found = []
    for path, digest in digests.items():
        if not (folder / path).is_file():
            found.append(f"{path} is missing")
        elif (now := sha256(folder / path)) != digest:
            found.append(f"{path} has sha256 {now}, not {digest}")
    return found


def _embedded(release: Release) -> Path:
    path = MODELS / release.uri
    if not path.is_file():
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {path} is missing; restore it with `git checkout -- models`",
        )
    found = sha256(path)
    if found != release.sha256:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {path} has sha256 {found}, the release says"
            f" {release.sha256 or 'nothing'}; restore the file, or publish it again with `python -m"
            " training.fitting.publish`",
        )
    return path


def _packaged(entry: Checkpoint) -> Path:
    folder = entry.folder_in_package
    wrong = differences(folder, entry.pinned) if folder else []
    if folder is None or wrong:
        what = (
            f"{folder}/{wrong[0]}"
            if wrong
            else f"{entry.uri} is not installed, or another version of it"
        )
        raise Misconfigured(
            "checkpoint",
            f"{entry.name}: {what}; `{catalog.PACKAGES}` brings its package",
        )
    return folder


def _pulled(part: Checkpoint, entry: Checkpoint, models: Path) -> Path:
    digests, folder = expected(part, models), models / part.name
    command = f"`earshot models pull {entry.name}`"
    if not digests or not folder.is_dir():
        name = part.name if part == entry else f"{part.name}, which {entry.name} needs,"
        raise Misconfigured("checkpoint", f"{name} is not here; fetch it with {command}")
    wrong = differences(folder, digests)
    if wrong:
        name = part.name if part == entry else f"{entry.name} needs {part.name}"
        raise Misconfigured(
            "checkpoint", f"{name}: {folder}/{wrong[0]}; fetch it again with {command}"
        )
    return folder / next(iter(digests)) if len(digests) == 1 else folder


def _checked(release: Release, parts: Sequence[Checkpoint], models: Path) -> str:
    found = digest(parts, models)
    if release.sha256 and found != release.sha256:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {models / parts[-1].name} is not the one that the release means"
            f" ({found}, not {release.sha256}); copy {lock.NAME} from where it was pulled, and"
            f" fetch it again with `earshot models pull {release.name}`",
        )
    return found
