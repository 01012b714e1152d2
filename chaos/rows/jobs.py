"""Trouble that jobs bring themselves: longer than the visibility timeout, deadly, or still running when workers must go."""

from collections.abc import Callable

from chaos import audit, load
from chaos.arena import Arena
from chaos.scenario import Size

CLOSED = ("complete", "partial", "failed")
POISONED = 2
"""Chunk of the poisoned recording that kills."""


def outlives_visibility(arena: Arena, size: Size) -> None:
    """Jobs go on for longer than the visibility timeout, which gives them to the other worker meanwhile."""
    load.scripted(arena.folder, "a-long", [size.seconds] * size.faults, seed=1)
    arena.start()
    arena.hand_in()
    arena.until(lambda: _working(arena) > 0, 60, "the first long job")
    with arena.fault():
        arena.until(lambda: _merged_of(arena, "a-long") == size.faults, 240, "the long jobs")


def poison(death: str) -> Callable[[Arena, Size], None]:
    """One chunk of one recording kills whoever analyses it."""

    def act(arena: Arena, size: Size) -> None:
        load.scripted(arena.folder, "a-poisoned", [0, 0, death, 0, 0, 0, 0, 0], seed=2)
        arena.start()
        arena.hand_in()
        arena.until(lambda: _poisoned(arena) is not None, 90, "the poisoned recording")
        while not _next_death_or_end(arena):
            with arena.fault():
                pass  # it has just happened
        _check_dead_letter(arena)

    return act


def told_to_stop(arena: Arena, size: Size) -> None:
    """SIGTERM to every worker while each child has a long job; new ones afterwards."""
    load.scripted(arena.folder, "a-long", [size.seconds] * 8, seed=3)
    arena.start()
    arena.hand_in()
    for _ in range(size.faults):
        arena.until(lambda: _working(arena) > 1, 120, "long jobs in flight")
        with arena.fault():
            arena.fleet.stop(tuple(arena.fleet.workers))
        arena.fleet.start(tuple(arena.fleet.workers))


def _merged_of(arena: Arena, name: str) -> int:
    of_it = f"SELECT id FROM recording WHERE file_name LIKE '%{name}%'"
    return audit.count(arena.stack.database_url, "chunk", f"state = 'merged' AND recording_id IN ({of_it})")


def _working(arena: Arena) -> int:
    """Chunks that the probe has begun and not ended."""
    done = audit.computed(arena.probe_log)
    return sum(done.begun.values()) - done.ended


def _poisoned(arena: Arena) -> dict[str, str] | None:
    query = "SELECT id::text, state FROM recording WHERE file_name LIKE '%a-poisoned%' AND state NOT IN ('queued', 'ingesting')"
    found = audit.rows(arena.stack.database_url, query)
    return found[0] if found else None


def _next_death_or_end(arena: Arena) -> bool:
    """Waits for another death by the poison, or for the recording's end; whether it was the end."""

    def state() -> str:
        found = _poisoned(arena)
        return found["state"] if found else ""

    def deaths() -> int:
        found = _poisoned(arena)
        return audit.computed(arena.probe_log).begun[f"{found['id']}:{POISONED}"] if found else 0

    arena.until(lambda: deaths() > arena.faults or state() in CLOSED, 240, "the end of the poisoned recording")
    return deaths() <= arena.faults


def _check_dead_letter(arena: Arena) -> None:
    found = _poisoned(arena)
    if found is None or found["state"] != "partial":
        arena.misses.append(f"the poisoned recording is {found and found['state']}, not partial")
        return
    if not audit.rows(arena.stack.database_url, "SELECT 1 FROM pg_tables WHERE tablename = 'dead_letter'"):
        arena.misses.append("there are no dead letters")
        return
    letters = audit.rows(arena.stack.database_url, "SELECT * FROM dead_letter")
    named = [(str(row["recording_id"]), row.get("chunk_index", row.get("index")), row["analysis"]) for row in letters]
    if named != [(found["id"], POISONED, "probe")]:
        arena.misses.append(f"dead letters are {named}")
