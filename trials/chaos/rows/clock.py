"""Sets the wall clock of Redis, Postgres, workers, beat and clients by hours during work."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

LEAPS = ("-3h", "+5h", "-26h", "+0")
"""Of the clock against the true time, one after the other."""
_FILE = "FAKETIME_TIMESTAMP_FILE"


@contextmanager
def movable() -> Iterator[None]:
    """Processes started within read their wall clock through libfaketime, which adds an offset from
    a file; the monotonic clock is the kernel's."""
    with tempfile.TemporaryDirectory(prefix="earshot-clock-") as folder:
        file = Path(folder) / "offset"
        file.write_text("+0", encoding="ascii")
        Path(folder).chmod(0o755)
        set_here = {
            "LD_PRELOAD": str(_library()),
            _FILE: str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        os.environ.update(set_here)
        try:
            yield
        finally:
            for name in set_here:
                del os.environ[name]


def was_set(arena: Arena, size: Size) -> None:
    """Sets the clock back, ahead, back and right again; after each change a worker is killed, whose
    work must be detected as lost under any clock."""
    arena.start()
    arena.hand_in()
    for number, leap in enumerate(LEAPS[-size.faults :]):
        done = size.recordings * size.chunks * (number + 1) // (size.faults + 2)
        arena.until(partial(arena.has_merged, done), 240, f"{done} merged chunks")
        with arena.fault():
            Path(os.environ[_FILE]).write_text(leap, encoding="ascii")
            time.sleep(size.seconds)
            arena.fleet.kill("work-1")


def cannot_move() -> str | None:
    """The reason why the row cannot run on this machine."""
    return (
        None
        if find_spec("libfaketime") is not None
        else "libfaketime, which moves the clock, is for Linux on x86-64"
    )


def _library() -> Path:
    spec = find_spec("libfaketime")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return (
        Path(spec.submodule_search_locations[0])
        / "vendor"
        / "libfaketime"
        / "src"
        / "libfaketime.so.1"
    )
