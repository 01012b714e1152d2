"""A real Redis and a real Postgres for a test session, and real worker processes against them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from earshot.local import plan, postgres, processes, redis, worker_processes
from earshot.local.processes import Process
from storage.migrate import migrate

TEMPLATE = "earshot_template"
STOP_TIMEOUT_SEC = 20.0
COMMAND_TIMEOUT_SEC = 120.0


@dataclass(frozen=True)
class Servers:
    """Redis and Postgres below one folder, both ready."""

    home: Path
    redis_url: str
    postgres_url: str

    @classmethod
    def start(cls, home: Path) -> "Servers":
        redis_url = redis.start(home)
        try:
            postgres_url = postgres.start(home)
            redis.wait(home, redis_url)
            started = cls(home, redis_url, postgres_url)
            started._make_template()
        except BaseException:
            cls.stop(home)
            raise
        return started

    @staticmethod
    def stop(home: Path) -> None:
        processes.stop(home, [redis.NAME], STOP_TIMEOUT_SEC)
        postgres.stop(home)

    def new_database(self) -> str:
        """URL of a migrated, empty database; cheap, because it is a copy of one that was migrated once."""
        name = f"test_{uuid4().hex}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        return self._url(name)

    def drop_database(self, url: str) -> None:
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name))))

    def _make_template(self) -> None:
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        migrate(self._url(TEMPLATE))

    def _url(self, database: str) -> str:
        return self.postgres_url.replace("/postgres?", f"/{database}?")

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(statement)


@dataclass
class Stack:
    """Worker processes of a test, with the environment that makes a command or a client work against them."""

    home: Path
    env: dict[str, str]
    workers: dict[str, Process] = field(default_factory=dict)

    def start(self, *wanted: plan.Workers, env: Mapping[str, str] | None = None) -> None:
        """Starts these workers (default: those of ``earshot up``) and returns when all consume their queues."""
        for each in wanted or plan.plan():
            self.workers[each.name] = worker_processes.start_one(self.home, each, {**self.env, **(env or {})})
        for process in self.workers.values():
            worker_processes.wait_ready(self.home, process)

    def stop(self) -> None:
        processes.stop(self.home, list(self.workers), STOP_TIMEOUT_SEC)
        self.workers.clear()

    def log(self, name: str) -> str:
        return processes.log_file(self.home, name).read_text(encoding="utf-8", errors="replace")

    def earshot(self, *words: str, timeout_sec: float = COMMAND_TIMEOUT_SEC) -> subprocess.CompletedProcess[str]:
        """Runs the command as a person would; its output is text, not a terminal's."""
        return earshot(*words, env=self.env, timeout_sec=timeout_sec)


def earshot(*words: str, env: Mapping[str, str], timeout_sec: float = COMMAND_TIMEOUT_SEC) -> subprocess.CompletedProcess[str]:
    """Runs ``earshot`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "earshot", *words],
        env={**_without_settings(), **env},
        capture_output=True,
        text=True,
        timeout=timeout_sec,
        check=False,
    )


def _without_settings() -> dict[str, str]:
    """The tests' own environment without the developer's ``EARSHOT_*``, so that results do not depend on them."""
    return {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
