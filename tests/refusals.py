"""Makes a real Redis refuse for a while, as in a failover, on a full machine, or during a
configuration change."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from cli.localstack import waiting

Admin = Any
"""A ``redis.Redis``, which has no types for half of its commands."""
SNAPSHOT_SEC = 30.0


@contextmanager
def read_only(admin: Admin) -> Iterator[None]:
    """A replica without a master (READONLY, and UNBLOCKED for blocked clients)."""
    admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        yield
    finally:
        admin.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def without_its_master(admin: Admin) -> Iterator[None]:
    """The same, and it does not even answer with what it has (MASTERDOWN)."""
    with configured(admin, "replica-serve-stale-data", "no"), read_only(admin):
        yield


@contextmanager
def out_of_memory(admin: Admin) -> Iterator[None]:
    """``maxmemory`` is reached (OOM): what is read and what takes things away works, what adds does
    not."""
    with configured(admin, "maxmemory", "1"):
        yield


@contextmanager
def out_of_disk(admin: Admin) -> Iterator[None]:
    """Its snapshot cannot be written (MISCONF)."""
    with tempfile.TemporaryDirectory() as folder, configured(admin, "dir", folder):
        (Path(folder) / "dump.rdb").mkdir()  # not even root replaces a folder by a file
        with configured(admin, "save", "1 1"):
            waiting.until(lambda: _snapshot_failed(admin), SNAPSHOT_SEC, "a snapshot that fails")
            try:
                yield
            finally:
                (Path(folder) / "dump.rdb").rmdir()
                waiting.until(
                    lambda: not _snapshot_failed(admin), SNAPSHOT_SEC, "a snapshot that does not"
                )


@contextmanager
def without_replicas(admin: Admin) -> Iterator[None]:
    """Too few replicas are there to take a write (NOREPLICAS)."""
    with configured(admin, "min-replicas-to-write", "1"):
        yield


@contextmanager
def without_rights(admin: Admin) -> Iterator[None]:
    """The user may not write (NOPERM)."""
    admin.execute_command("ACL", "SETUSER", "default", "-@write")
    try:
        yield
    finally:
        admin.execute_command("ACL", "SETUSER", "default", "+@all")


@contextmanager
def with_another_password(admin: Admin) -> Iterator[None]:
    """Nobody knows the password (NOAUTH), and open connections are closed."""
    with configured(admin, "requirepass", "changed"):
        close_others(admin)
        yield


@contextmanager
def without_room_for_clients(admin: Admin) -> Iterator[None]:
    """``max number of clients reached`` for new connections, and open connections are closed."""
    with configured(admin, "maxclients", "1"):
        close_others(admin)
        yield


REFUSALS: dict[str, Callable[[Admin], AbstractContextManager[None]]] = {
    "READONLY": read_only,
    "MASTERDOWN": without_its_master,
    "OOM": out_of_memory,
    "MISCONF": out_of_disk,
    "NOREPLICAS": without_replicas,
    "NOPERM": without_rights,
    "NOAUTH": with_another_password,
    "maxclients": without_room_for_clients,
}


@contextmanager
def configured(admin: Admin, name: str, value: str) -> Iterator[None]:
    """Around what is done under another setting of the server."""
    before = admin.config_get(name)[name]
    admin.config_set(name, value)
    try:
        yield
    finally:
        admin.config_set(name, before)


@contextmanager
def administrator(redis_url: str) -> Iterator[Admin]:
    """A client with one connection, which stays open while others are refused."""
    with Redis.from_url(redis_url, single_connection_client=True, decode_responses=True) as admin:
        yield admin


def close_others(admin: Admin) -> None:
    """Ends every connection but this one."""
    for kind in ("normal", "pubsub"):
        admin.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


def _snapshot_failed(admin: Admin) -> bool:
    admin.execute_command(
        "CONFIG", "RESETSTAT"
    )  # a word to the server, whose clock looks at the changes to be saved
    return str(admin.info("persistence")["rdb_last_bgsave_status"]) != "ok"
