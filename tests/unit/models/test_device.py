"""Which devices a process may see, as CUDA names them, and many rows in passes that fit into
memory."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from earshot.compute.device import VISIBLE, devices
from earshot.compute.halving import in_halves


@pytest.mark.parametrize(
    ("named", "seen"),
    [("0,2", ("0", "2")), ("MIG-1f, GPU-3a", ("MIG-1f", "GPU-3a")), ("", ()), ("1", ("1",))],
)
def test_what_the_environment_names_is_seen(
    monkeypatch: pytest.MonkeyPatch, named: str, seen: tuple[str, ...]
) -> None:
    monkeypatch.setenv(VISIBLE, named)
    assert devices() == seen


def test_without_it_all_that_the_machine_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VISIBLE, raising=False)
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert devices(tmp_path) == ("0", "1")


class Machine:
    """Doubles numbers in passes of at most ``room``; for more it really asks for what no machine
    has."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.passes: list[int] = []

    def __call__(self, rows: Sequence[int]) -> list[int]:
        self.passes.append(len(rows))
        np.zeros((int(len(rows) > self.room), 2**60), np.int8)
        return [2 * row for row in rows]


def test_rows_that_do_not_fit_go_in_halves_in_order_and_none_twice() -> None:
    machine = Machine(room=3)
    assert list(in_halves(range(20), 16, machine)) == [2 * row for row in range(20)]
    assert machine.passes == [16, 8, 4, *[2] * 10]


def test_as_few_passes_as_fit() -> None:
    machine = Machine(room=99)
    assert list(in_halves(range(9), 4, machine)) == [2 * row for row in range(9)]
    assert machine.passes == [4, 4, 1]
    assert list(in_halves([], 4, machine)) == []


def test_a_row_that_does_not_fit_alone_is_told() -> None:
    with pytest.raises(MemoryError):
        list(in_halves([1, 2], 2, Machine(room=0)))


def test_other_errors_are_not_tried_in_halves() -> None:
    tried = []

    def broken(rows: Sequence[int]) -> list[int]:
        tried.append(len(rows))
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        list(in_halves([1, 2, 3], 3, broken))
    assert tried == [3]
