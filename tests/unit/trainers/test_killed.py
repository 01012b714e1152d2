"""A training process is killed at five moments; what continues ends in the same weights."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.trainers.recorded import ended, started, tones
from training.trainers.whole_files import PART

torch = pytest.importorskip("torch")
pytest.importorskip("coremltools")
pytestmark = pytest.mark.ml

LABELS = ("happy", "sad", "angry", "surprised", "neutral")
WAIT_SEC = 120.0


def arguments(data: Path, out: Path) -> tuple[object, ...]:
    """Every batch is saved, so that moments are close together."""
    options = ("--epochs", 4, "--batch_size", 8, "--early_stopping_patience", 4, "--save_every", 0)
    return ("--data_dir", data, "--output_dir", out, "--use_augmentation", *options)


def until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Waits for a moment of a process that has not ended."""
    deadline = time.monotonic() + WAIT_SEC
    while not true():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "the moment did not come"


@contextlib.contextmanager
def killed(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Kills the process at the end of the block."""
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def half_written(path: Path, process: "subprocess.Popen[str]") -> None:
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


def test_the_weights_are_those_of_an_undisturbed_training(tmp_path: Path) -> None:
    data = tones(tmp_path / "data", LABELS)
    whole, out = tmp_path / "whole", tmp_path / "out"
    undisturbed = started(*arguments(data, whole))
    state, out_features = out / "state.pt", out / "features"
    process = started(*arguments(data, out))
    with killed(process):
        until(lambda: len(list(out_features.glob("*.npz"))) > 3, process)
    os.mkfifo(out / f"state.pt{PART}")
    half_written(state, started(*arguments(data, out)))
    assert not state.exists()
    process = started(*arguments(data, out))
    with killed(process):
        until(state.exists, process)
    before = torch.load(state, weights_only=True)
    os.mkfifo(out / f"state.pt{PART}")
    half_written(state, started(*arguments(data, out)))
    assert torch.load(state, weights_only=True)["position"] == before["position"]
    # Nothing reads this pipe, so the process cannot come past the result's beginning.
    os.mkfifo(out / f"trained.json{PART}")
    process = started(*arguments(data, out))
    with killed(process):
        until((out / "holdout.jsonl").exists, process)
    (out / f"trained.json{PART}").unlink()
    assert (out / "best_model.pth").exists()
    assert not (out / "trained.json").exists()
    ended(started(*arguments(data, out)))
    ended(undisturbed)
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
