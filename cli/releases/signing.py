"""Signatures of releases that travel: the manifest of the OpenSSF model signing format, with a
local key."""

from importlib import import_module
from pathlib import Path
from typing import Any

from cli.terminal.console import say, show
from earshot.analysis.errors import Misconfigured, one_line
from earshot.compute.optional_packages import needed_by
from earshot.storage.postgres.db import once
from earshot.storage.releases import registered

EXTRA = "signing"


def sign_files(target: str, key: Path, signature: Path | None) -> None:
    """Writes the signature.

    Raises:
        Misconfigured: no such release or folder, or the key cannot be read.
    """
    folder, place = _places(target, signature)
    with needed_by("signing", EXTRA):
        signing: Any = import_module("model_signing.signing")
    try:
        signing.Config().use_elliptic_key_signer(private_key=key).sign(folder, place)
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured("signing", f"{folder} is not signed: {one_line(error)}") from error
    show(str(place))


def verify_files(target: str, key: Path, signature: Path | None) -> int:
    """Prints whether all files are those that were signed; 1 if not.

    Raises:
        Misconfigured: no such release or folder.
    """
    folder, place = _places(target, signature)
    with needed_by("signing", EXTRA):
        verifying: Any = import_module("model_signing.verifying")
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=key).verify(folder, place)
    except (OSError, ValueError, TypeError) as error:
        say(f"{folder}: {one_line(error)}")
        return 1
    show(f"{folder}: signed by {key.name}")
    return 0


def _places(target: str, signature: Path | None) -> tuple[Path, Path]:
    """The folder of the files, and the file of their signature."""
    folder = Path(target)
    if not folder.is_dir():
        with once() as connection:
            folder = Path(registered.find(connection, target).release.uri).parent
    if not folder.is_dir():
        raise Misconfigured("folder", f"there is no folder {folder}")
    return folder, signature or folder.absolute().parent / f"{folder.absolute().name}.sig"
