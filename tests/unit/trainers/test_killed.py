"""A training process is killed at five moments; what continues ends in the same weights."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.unit.trainers import child
from tests.unit.trainers.recorded import tones
from training.trainers.whole_files import PART

torch = pytest.importorskip("torch")
pytest.importorskip("coremltools")
pytestmark = pytest.mark.ml

LABELS = ("happy", "sad", "angry", "surprised", "neutral")
WAIT_SEC = 120.0


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[[Path, Path], BaseProcess]]:
    """Starts processes that train, forked from one that has imported all they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.trainers.preloaded"])
    made: list[BaseProcess] = []

    def begun(data: Path, out: Path) -> BaseProcess:
        process = context.Process(target=child.train, args=(data, out))
        process.start()
        made.append(process)
        return process

    yield begun
    for process in made:
        process.kill()
        process.join()
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def until(true: Callable[[], bool], process: BaseProcess) -> None:
    """Waits for a moment of a process that has not ended."""
    deadline = time.monotonic() + WAIT_SEC
    while not true():
        assert process.is_alive(), f"ended with {process.exitcode}"
        assert time.monotonic() < deadline, "the moment did not come"


@contextlib.contextmanager
def killed(process: BaseProcess) -> Iterator[None]:
    """Kills the process at the end of the block."""
    try:
        yield
    finally:
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL


def half_written(path: Path, process: BaseProcess) -> None:
    """Kills a process that has written a part of ``path``, and leaves that part.

    The place of the part is a pipe: the process blocks in writing it when the pipe is full.
    """
    part = path.with_name(path.name + PART)
    made = threading.Event()
    content: list[bytes] = []

    def read() -> None:
        with part.open("rb", buffering=0) as pipe:
            content.append(pipe.read(100))
            made.set()
            ending.wait(WAIT_SEC)

    ending = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    with killed(process):
        until(made.is_set, process)
    ending.set()
    reader.join()
    part.unlink()
    part.write_bytes(content[0])


def test_the_weights_are_those_of_an_undisturbed_training(
    tmp_path: Path, start: Callable[[Path, Path], BaseProcess]
) -> None:
    data = tones(tmp_path / "data", LABELS)
    whole, out = tmp_path / "whole", tmp_path / "out"
    out.mkdir()
    state = out / "state.pt"
    # While features are computed.
    process = start(data, out)
    with killed(process):
        until(lambda: len(list((out / "features").glob("*.npz"))) > 3, process)
    # While the first state is written.
    os.mkfifo(out / f"state.pt{PART}")
    half_written(state, start(data, out))
    assert not state.exists()
    # Between two states.
    process = start(data, out)
    with killed(process):
        until(state.exists, process)
    before = torch.load(state, weights_only=True)
    # While a later one is written.
    os.mkfifo(out / f"state.pt{PART}")
    half_written(state, start(data, out))
    assert torch.load(state, weights_only=True)["position"] == before["position"]
    # When all but the result is written: nothing reads this pipe, so it does not come further.
    os.mkfifo(out / f"trained.json{PART}")
    process = start(data, out)
    with killed(process):
        until((out / "holdout.jsonl").exists, process)
    (out / f"trained.json{PART}").unlink()
    assert (out / "best_model.pth").exists()
    assert not (out / "trained.json").exists()
    for folder in (out, whole):
        process = start(data, folder)
        process.join(WAIT_SEC)
        assert process.exitcode == 0
    mine, theirs = (
        torch.load(folder / "best_model.pth", weights_only=True) for folder in (out, whole)
    )
    assert mine["described"] == theirs["described"]
    assert mine["weights"].keys() == theirs["weights"].keys()
    for name, value in mine["weights"].items():
        assert torch.equal(value, theirs["weights"][name]), name
    for name in ("training_history.json", "holdout.jsonl"):
        assert (out / name).read_text() == (whole / name).read_text()
    assert not list(out.glob(f"*{PART}"))
    assert not state.exists()
