"""Faults caused by jobs: longer than the visibility timeout, deadly, or still running at
shutdown."""

from collections.abc import Callable

from earshot.analysis.states import CLOSED, RecordingState
from trials.chaos import audit, load
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

POISONED, DEADLY = "a-poisoned", 2
"""Name prefix of the files of poisoned recordings, and the index of the deadly chunk."""


def outlives_visibility(arena: Arena, size: Size) -> None:
    """Jobs run longer than the visibility timeout, so Redis redelivers them to the other worker
    meanwhile."""
    load.scripted(arena.folder, "a-long", [size.seconds] * size.faults, seed=1)
    arena.start()
    arena.hand_in()
    arena.until(lambda: _working(arena) > 0, 60, "the first long job")
    with arena.fault():
        arena.until(lambda: _merged_of(arena, "a-long") == size.faults, 240, "the long jobs")


def poison(*deaths: str) -> Callable[[Arena, Size], None]:
    """For each kind of death, a recording with one chunk that causes it in its worker."""

    def act(arena: Arena, size: Size) -> None:
        for seed, death in enumerate(deaths, start=2):
            load.scripted(arena.folder, f"{POISONED}-{seed}", [0, 0, death, 0, 0, 0, 0, 0], seed)
        arena.start()
        arena.hand_in()
        arena.until(lambda: len(_poisoned(arena)) == len(deaths), 90, "the poisoned recordings")
        while _another_death(arena):
            with arena.fault():
                pass  # it has just ended
        _check_dead_letters(arena)

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
    return audit.count(
        arena.stack.database_url, "chunk", f"state = 'merged' AND recording_id IN ({of_it})"
    )


def _working(arena: Arena) -> int:
    """Chunks that the probe has started and not finished."""
    done = audit.computed(arena.probe_log)
    return sum(done.begun.values()) - done.ended


def _poisoned(arena: Arena) -> dict[str, str]:
    """State by id of the ingested poisoned recordings."""
    taken_in = "state NOT IN ('queued', 'ingesting')"
    query = (
        f"SELECT id::text, state FROM recording WHERE file_name LIKE '%{POISONED}%' AND {taken_in}"
    )
    return {row["id"]: row["state"] for row in audit.rows(arena.stack.database_url, query)}


def _another_death(arena: Arena) -> bool:
    """Waits for another death by poison, or for the end of all poisoned recordings; true if it was
    a death."""

    def deaths() -> int:
        begun = audit.computed(arena.probe_log).begun
        return sum(begun[f"{recording}:{DEADLY}"] for recording in _poisoned(arena))

    def closed() -> bool:
        return set(_poisoned(arena).values()) <= CLOSED

    arena.until(
        lambda: deaths() > arena.faults or closed(), 240, "the end of the poisoned recordings"
    )
    return deaths() > arena.faults


def _check_dead_letters(arena: Arena) -> None:
    found = _poisoned(arena)
    if set(found.values()) != {RecordingState.PARTIAL}:
        arena.misses.append(f"the poisoned recordings are {', '.join(found.values())}, not partial")
    letters = audit.rows(
        arena.stack.database_url,
        "SELECT recording_id::text, chunk_index, analysis FROM dead_letter",
    )
    named = sorted((row["recording_id"], row["chunk_index"], row["analysis"]) for row in letters)
    if named != sorted((recording, DEADLY, "probe") for recording in found):
        arena.misses.append(f"dead letters are {named}")
