"""Kills workers: at random under load, and at exact points."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from earshot.settings import PROJECT
from trials.chaos import audit
from trials.chaos.arena import Arena
from trials.chaos.points import MID_BATCH, Point
from trials.chaos.scenario import Size

CRASHPOINT = PROJECT / "trials" / "chaos" / "crashpoint"
PAUSE_SEC = (2.0, 3.0)
POINT_LIMIT_SEC = 120.0


def at_random(arena: Arena, size: Size) -> None:
    """SIGKILL to a random worker process group every 2 to 3 s, with work left until the last."""
    arena.start()
    arena.hand_in()
    arena.until(lambda: arena.merged() > 0, 90, "the first merge")
    choose = Random(size.faults)
    while arena.faults < size.faults:
        time.sleep(choose.uniform(*PAUSE_SEC))
        name = choose.choice(sorted(arena.fleet.workers))
        with arena.fault():
            killed = arena.fleet.kill(name)
        arena.faults -= not killed  # it was not running again yet
    if not audit.count(arena.stack.database_url, "recording", "finished_at IS NULL"):
        arena.misses.append("the load ended before the last kill")


def at_points(points: Iterable[Point]) -> Callable[[Arena, Size], None]:
    """SIGKILL as soon as a worker reaches one of the points, ``size.faults`` times each."""
    armed = tuple(points)

    def act(arena: Arena, size: Size) -> None:
        markers = [_arm(arena, point, size.faults) for point in armed]
        arena.start()
        arena.hand_in()
        waited_for = [
            Path(f"{marker}.{victim}") for marker in markers for victim in range(size.faults)
        ]
        while waited_for:
            arena.until(
                lambda: any(path.exists() for path in waited_for),
                POINT_LIMIT_SEC,
                f"reaching {waited_for[0].name}",
            )
            for path in [path for path in waited_for if path.exists()]:
                waited_for.remove(path)
                with arena.fault():
                    pass  # it has just ended

    return act


def in_mid_batch(analysis: str) -> Callable[[Arena, Size], None]:
    """SIGKILL to the child of a GPU pool during a batch of several chunks."""

    def act(arena: Arena, size: Size) -> None:
        arena.analyses = ("scene", analysis)
        at_points([MID_BATCH[analysis]])(arena, size)

    return act


def _arm(arena: Arena, point: Point, times: int) -> str:
    marker = str(arena.stack.home / point.title.replace(" ", "_").replace(",", ""))
    worker = arena.fleet.workers[point.worker]
    known = json.loads(worker.env.get("CHAOS_CRASHPOINTS", "[]"))
    paths = f"{CRASHPOINT}:{PROJECT}"
    env = {
        **worker.env,
        "PYTHONPATH": paths,
        "CHAOS_CRASHPOINTS": json.dumps([*known, point.armed(marker, times)]),
    }
    arena.fleet.workers[point.worker] = worker._replace(env=env)
    return marker
