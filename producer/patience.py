"""A command's access to the services: waits for unavailable ones, and prints one line about it."""

import time
from collections.abc import Callable
from typing import Self, TypeVar

from earshot.analysis.errors import Growing, Unavailable
from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis

T = TypeVar("T")
AGAIN_SEC = 2.0


def outlast(
    do: Callable[[], T], say: Callable[[str], None], check: Callable[[], None] = lambda: None
) -> T:
    """Calls ``do`` until the services are available, and returns its result.

    Args:
        say: prints one line: the reason for waiting, and that the command continues.
        check: called before waiting and before each further try; raises if waiting is useless (see
            ``producer.follow``).

    Raises:
        Unavailable: it took longer than ``wait_days``.
        Growing: of one file, for which no other has to wait.
    """
    began = None
    while True:
        try:
            with db.lost_connections(), redis.lost_connections():
                done = do()
        except Growing:
            raise
        except Unavailable as error:
            check()
            if began is None:
                began = time.monotonic()
                say(f"waiting: {error}")
            if time.monotonic() - began > settings().wait_sec:
                raise
        else:
            if began is not None:
                say("going on")
            return done
        time.sleep(AGAIN_SEC)
        check()


class Patience:
    """Waits for unavailable services, with a connection to Postgres that is renewed when it was
    lost. On entry both services are checked without waiting: one that is unavailable from the start
    is an error."""

    def __init__(self, say: Callable[[str], None], check: Callable[[], None]) -> None:
        self.say, self.check = say, check
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        try:
            self._connected()
            with redis.lost_connections():
                redis.client().ping()
        except Unavailable:
            self.check()  # may know the reason better
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def __call__(self, do: Callable[[Connection], T]) -> T:
        """Calls ``do`` and returns its result; see ``outlast``."""
        return outlast(lambda: self._tried(do), self.say, self.check)

    def _tried(self, do: Callable[[Connection], T]) -> T:
        try:
            return do(self._connected())
        except Exception:
            self._drop()  # it may lead to a server that has become a replica
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = db.connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
