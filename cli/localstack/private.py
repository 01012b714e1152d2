"""Folders of the local stack that other users of the machine cannot enter."""

import os
import stat
from pathlib import Path
from tempfile import mkdtemp

UMASK = 0o077
"""Umask of all processes of the stack."""
_SOCKET_PATH_MAX = 100
"""Bytes; the kernel's limit is 107 on Linux and 103 on macOS."""


def folder(path: Path, group: int | None = None) -> Path:
    """Creates the folder, or takes an existing one, for its owner alone; the group, if given, may
    pass through but not list it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if group is not None:
        os.chown(path, -1, group)
    path.chmod(0o700 if group is None else 0o710)
    return path


def home(path: Path) -> Path:
    """The same for the data folder, keeping the group's right to pass through, which root gives its
    Postgres."""
    if os.geteuid() == 0 and path.exists():
        path.chmod(path.stat().st_mode & 0o710 | 0o700)
        return path
    return folder(path)


def socket_folder(data: Path, file_name: str, owner: int) -> Path:
    """Folder of the socket of a server with this data: beside the data, or, if that path is too
    long for the kernel, a separate one below the temporary folder, whose random name is stored in
    the data folder.

    Args:
        file_name: of the socket.
        owner: user id of the server.
    """
    if len(os.fsencode(data / file_name)) < _SOCKET_PATH_MAX:
        return data
    kept = data.parent / "run" / f"{data.name}-sockets"
    try:
        found = Path(kept.read_text(encoding="utf-8"))
        if _is_private(found, owner):
            return found
    except FileNotFoundError:
        pass
    made = Path(mkdtemp(prefix="earshot-"))
    os.chown(made, owner, -1)
    folder(kept.parent)
    kept.write_text(str(made), encoding="utf-8")
    return made


def _is_private(path: Path, owner: int) -> bool:
    """True for a real folder, not a link, that only ``owner`` may enter: others may write to its
    parent."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
