"""Loaded models: each once, the oldest let go in time, and room made where there is none."""

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from earshot.analysis.types import Release
from earshot.compute import cache


class Machine:
    """Loads models, of which as many fit as there is room for; one more really asks for what no
    machine has."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.loads: list[str] = []
        self.here: weakref.WeakSet[Model] = weakref.WeakSet()

    def load(self, release: Release, device: str) -> "Model":
        self.loads.append(release.name)
        model = Model(int(len(self.here) >= self.room))
        self.here.add(model)
        return model


class Model:
    def __init__(self, beyond: int) -> None:
        self.weights = np.zeros((beyond, 2**60), np.int8)


def release(name: str, analysis: str = "cache-test") -> Release:
    return Release(analysis=analysis, name=name, runtime="onnx", uri="embedded/x.onnx", sha256="")


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    held = dict(cache._loaded)
    cache._loaded.clear()
    yield
    cache._loaded.clear()
    cache._loaded.update(held)


def test_models_are_loaded_once_and_the_oldest_is_let_go() -> None:
    loads: list[str] = []

    def loader(release: Release, device: str) -> object:
        loads.append(release.name)
        return object()

    releases = [release(f"r{index}") for index in range(3)]
    first = cache.get(loader, releases[0], "cpu")
    assert cache.get(loader, releases[0], "cpu") is first
    cache.get(loader, releases[1], "cpu")
    cache.get(loader, releases[0], "cpu")  # used again: now r1 is the oldest
    cache.get(loader, releases[2], "cpu")
    assert cache.get(loader, releases[0], "cpu") is first
    cache.get(loader, releases[1], "cpu")
    assert loads == ["r0", "r1", "r2", "r1"]


def test_no_more_has_to_fit_than_is_kept() -> None:
    machine = Machine(room=cache.KEPT)
    for name in ("r0", "r1", "r2", "r3"):
        cache.get(machine.load, release(name), "cpu")
    assert machine.loads == ["r0", "r1", "r2", "r3"]
    assert [each.name for each, _ in cache._loaded] == ["r2", "r3"]


def test_where_less_fits_than_is_kept_the_others_make_room() -> None:
    machine = Machine(room=1)
    cache.get(machine.load, release("r0", "other-analysis"), "cpu")
    for name in ("r1", "r2"):
        cache.get(machine.load, release(name), "cpu")
    assert machine.loads == ["r0", "r1", "r1", "r2", "r2"]
    assert [each.name for each, _ in cache._loaded] == ["r2"]


def test_what_does_not_fit_even_alone_is_told_and_the_next_one_has_all_room() -> None:
    machine = Machine(room=1)
    cache.get(machine.load, release("r0"), "cpu")
    machine.room = 0
    with pytest.raises(MemoryError):
        cache.get(machine.load, release("r1"), "cpu")
    with pytest.raises(MemoryError):
        cache.get(machine.load, release("r1"), "cpu")
    assert machine.loads == ["r0", "r1", "r1", "r1"]  # with nothing left to let go, once
    machine.room = 1
    cache.get(machine.load, release("r1"), "cpu")


def test_another_error_is_no_reason_to_make_room() -> None:
    machine = Machine(room=9)
    kept = cache.get(machine.load, release("r0"), "cpu")

    def broken(release: Release, device: str) -> object:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        cache.get(broken, release("r1"), "cpu")
    assert cache.get(machine.load, release("r0"), "cpu") is kept
    assert machine.loads == ["r0"]
