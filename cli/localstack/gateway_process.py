"""The HTTP gateway of the local stack, which ``earshot up`` starts, and the token for its use."""

import socket
from collections.abc import Mapping
from pathlib import Path

from cli.localstack import processes, waiting
from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage.postgres import db, tokens

NAME = "gateway"
READY_TIMEOUT_SEC = 60.0
TOKEN_NAME = "local"


def start(home: Path, env: Mapping[str, str]) -> processes.Process:
    """Starts it, and returns before it listens.

    Raises:
        Unavailable: ``port_taken``, another program listens on its port.
    """
    from cli.localstack.plan import GATEWAY_ARGV
    from tasks.process.environment import process_env

    port = settings().gateway_port
    if _accepts(port):
        raise Unavailable(
            "port_taken",
            f"another program listens on port {port}: stop it, or set EARSHOT_GATEWAY_PORT",
        )
    return processes.start(home, NAME, GATEWAY_ARGV, {**process_env(), **env})


def wait(home: Path) -> None:
    """Returns when it listens.

    Raises:
        Unavailable: it died or took longer than ``READY_TIMEOUT_SEC``.
    """

    def ready() -> bool:
        processes.check_running(home, NAME)
        return _accepts(settings().gateway_port)

    waiting.until(ready, READY_TIMEOUT_SEC, "the gateway", processes.log_file(home, NAME))


def token_file(home: Path) -> Path:
    """The file with a token of scope ``operator``, for this user alone."""
    return home / "token"


def make_token(home: Path, database_url: str) -> Path:
    """Creates that token, unless the file has a valid one."""
    file = token_file(home)
    with db.once(database_url) as connection:
        kept = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        found = tokens.find(connection, kept) if kept else None
        if found is None or found.scope != tokens.Scope.OPERATOR:
            _, secret = tokens.create(connection, TOKEN_NAME, "default", tokens.Scope.OPERATOR)
            file.touch(mode=0o600)
            file.chmod(0o600)
            file.write_text(f"{secret}\n", encoding="utf-8")
    return file


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
