"""Generated recordings that labels can be told from, and a process that trains on them."""

import subprocess
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earshot.settings import PROJECT

RATE = 16_000


def write(path: Path, samples: "np.ndarray", rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def tones(
    folder: Path, labels: Sequence[str], speakers: int = 4, each: int = 2, seconds: float = 1.2
) -> Path:
    """``labels.csv`` and ``audio/``: a pitch for each label, a voice for each speaker."""
    random = np.random.default_rng(0)
    time = np.arange(int(RATE * seconds)) / RATE
    rows = ["path,label,speaker"]
    for speaker in range(speakers):
        for i, label in enumerate(labels):
            for take in range(each):
                pitch = 150 * 1.6**i * (1 + 0.02 * speaker) + 5 * take
                samples = 0.3 * np.sin(2 * np.pi * pitch * time) * (1 + 0.5 * np.sin(20 * time))
                samples += 0.02 * random.standard_normal(len(time))
                name = f"{label}-{speaker}-{take}.WAV"
                write(folder / "audio" / name, samples)
                rows.append(f"{name},{label},voice {speaker}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def started(*arguments: object) -> subprocess.Popen[str]:
    """``python train.py`` with these arguments."""
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "train.py"), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed; it must have succeeded."""
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return printed
