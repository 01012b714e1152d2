"""The supervisor of the local stack: restarts dead servers, workers and beat. Started by ``up``,
ended by ``down``."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from cli.localstack import (
    gateway_process,
    logs,
    plan,
    postgres,
    processes,
    redis,
    stack,
    troubles,
    waiting,
    worker_processes,
)
from cli.localstack.troubles import Trouble
from earshot.analysis.errors import EarshotError
from earshot.settings import settings

LOOK_SEC = 0.5
STABLE_SEC = 60.0
"""A part that has run for this long counts as stable."""
LONGEST_PAUSE_SEC = 60.0
TURN_SEC = 30.0
"""Interval of the log rotation."""

log = logging.getLogger("supervisor")


class Supervisor:
    """Checks all parts periodically. Times are on the monotonic clock."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._troubles: dict[str, Trouble] = {}
        self._next_try: dict[str, float] = {}
        self._next_turn = 0.0

    def run(self) -> None:
        """Returns when another supervisor has replaced this one."""
        with stack.locked(self._home, log.info):
            pass  # the starting command has recorded this process
        while processes.is_this(self._home, plan.SUPERVISOR):
            try:
                self.look()
                self._turn_logs()
            except (
                OSError,
                psutil.Error,
            ):  # a full disk, for example: checking again is better than exiting
                log.exception("could not look after everything")
            time.sleep(LOOK_SEC)

    def look(self) -> None:
        """Starts stopped parts whose delay is over, unless a command is starting or stopping the
        stack."""
        self._forget_the_cured()
        if not self._due():
            return
        with stack.locked_if_free(self._home) as mine:
            if mine:
                for name in self._due():
                    self._start(name)
                troubles.write(self._home, self._troubles)

    def _turn_logs(self) -> None:
        if time.monotonic() >= self._next_turn:
            self._next_turn = time.monotonic() + TURN_SEC
            logs.turn(
                [
                    *processes.log_file(self._home, "any").parent.glob("*.log"),
                    postgres.server_log(self._home),
                ]
            )

    def _due(self) -> list[str]:
        away = [
            name
            for name, runs in stack.status(self._home).items()
            if not runs and name != plan.SUPERVISOR
        ]
        return [name for name in away if time.monotonic() >= self._next_try.get(name, 0.0)]

    def _start(self, name: str) -> None:
        ended = waiting.tail(processes.log_file(self._home, name))
        try:
            _start_part(self._home, name)
            why = f"it ended{ended}"
        except (EarshotError, OSError) as error:
            why = str(error)
        failures = self._troubles[name].failures + 1 if name in self._troubles else 1
        self._troubles[name] = Trouble(failures=failures, at=time.time(), why=why)
        self._next_try[name] = time.monotonic() + min(LONGEST_PAUSE_SEC, 2.0 ** (failures - 1))
        log.warning("%s: %s", name, why)

    def _forget_the_cured(self) -> None:
        cured = [name for name, at in self._next_try.items() if time.monotonic() > at + STABLE_SEC]
        for name in cured:
            del self._next_try[name], self._troubles[name]
        if cured:
            troubles.write(self._home, self._troubles)


def _start_part(home: Path, name: str) -> None:
    if name == redis.NAME:
        redis.start(home)
        redis.wait(home, log.warning)
    elif name == stack.POSTGRES:
        postgres.start(home)
    elif name == gateway_process.NAME:
        gateway_process.start(home, _env(home))
    elif name == worker_processes.LIVE:
        worker_processes.start_live(home, _env(home))
    elif name == plan.BEAT:
        worker_processes.start_beat(home, _env(home))
    else:
        [workers] = [each for each in plan.plan() if each.name == name]
        worker_processes.start_one(home, workers, _env(home))


def _env(home: Path) -> Mapping[str, str]:
    return stack.worker_env(home, redis.url(home), postgres.url(home))


def main() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    Supervisor(settings().home.resolve()).run()


if __name__ == "__main__":
    main()
