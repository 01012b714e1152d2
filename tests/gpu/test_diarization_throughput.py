"""pyannote.audio's pipeline on a CUDA device: faster than one window at a time, in flat memory,
with the answer of a CPU. Networks of the true shapes with random weights; ``pytest -m gpu -s``
prints the table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earshot.models.speakers.diarizer import SAMPLE_RATE, Samples
from tests.gpu.test_asr_throughput import rate
from tests.sounds.synthetic import voice

pytestmark = pytest.mark.gpu

SECONDS = 300
LEAST_GAIN = 2.0
"""Over one window a pass."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip(
        "pyannote.audio",
        reason=(
            "the extra diarization is not installed: pip install -r requirements/diarization.txt"
        ),
    )
    from tests.runtimes.tiny import pyannote

    folder: Path = tmp_path_factory.mktemp("pyannote") / "true"
    pyannote.save(folder, hidden=128, layers=4)
    return folder


def talk(seconds: int) -> Samples:
    turns = [voice(5, pitch) for pitch in (120.0, 210.0, 90.0, 160.0)]
    return np.concatenate([turns[index % 4] for index in range(seconds // 5)])


def told(model: Any, samples: Samples) -> Any:
    return model.who_spoke(
        lambda start, end: samples[start * 16 : end * 16], len(samples) * 1000 // SAMPLE_RATE
    )


def test_full_passes(saved: Path, cuda: str) -> None:
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    sound = talk(SECONDS)
    one, many = (PyannoteDiarizer(saved, "cuda", rows) for rows in (1, 32))
    single, full = rate(lambda: told(one, sound), SECONDS), rate(lambda: told(many, sound), SECONDS)
    print(
        f"\n{cuda}: pyannote community-1 shape, {SECONDS} s: one window a pass {single:.0f}  32 a"
        f" pass {full:.0f}"
    )
    assert full >= LEAST_GAIN * single


def test_memory_stays_flat(saved: Path) -> None:
    import torch

    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    model, sound = PyannoteDiarizer(saved, "cuda"), talk(20)

    def held(times: int) -> int:
        for _ in range(times):
            told(model, sound)
        torch.cuda.synchronize()
        return int(torch.cuda.memory_allocated())

    before = held(3)
    assert held(50) <= before


def test_the_gpu_hears_what_the_cpu_hears(saved: Path) -> None:
    from earshot.models.pyannote.diarizer import PyannoteDiarizer

    sound = talk(40)
    near, far = (told(PyannoteDiarizer(saved, device), sound) for device in ("cpu", "cuda"))

    def talking(answer: Any) -> Any:
        at = np.zeros(40_000, bool)
        for turn in answer.turns:
            at[turn.start_ms : turn.end_ms] = True
        return at

    assert (talking(near) == talking(far)).mean() > 0.97
