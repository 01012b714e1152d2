"""A folder as a trainer leaves it: the embedded noise network, and recordings held out."""

import hashlib
import json
import wave
from pathlib import Path

import numpy as np

from earshot.audio.features.augment import coloured
from earshot.audio.features.spectra import Array
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import MODELS, sha256

COLOURS = {"white_noise": 0.0, "brown_noise": 2.0, "blue_noise": -1.0}
NOISE = default_release("noise")


def sound(label: str, seed: int, seconds: float = 2.0) -> Array:
    """Noise of that colour, each seed another."""
    random = np.random.default_rng([seed, len(label)])
    level = random.uniform(0.02, 0.2)
    return coloured(random, int(seconds * SAMPLE_RATE), COLOURS[label], level)


def write(path: Path, samples: Array) -> Path:
    """A mono WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32_000).astype("<i2").tobytes())
    return path


def unread(text: str) -> bytes:
    """A field of a protobuf message, at its end, that ONNX does not know: the same network as a
    file of another digest."""
    return b"\xc2\x3e" + bytes([len(text)]) + text.encode()


def trained(folder: Path, each: int, *, more: bytes = b"") -> Path:
    """The folder, with ``each`` recordings of a colour."""
    rows = []
    for label in COLOURS:
        for seed in range(each):
            path = write(folder / "held" / f"{label}-{seed}.wav", sound(label, seed))
            rows.append({"path": str(path), "noise": label, "speaker": f"{label}-{seed}"})
    (folder / "holdout.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "noise.onnx").write_bytes((MODELS / NOISE.uri).read_bytes() + more)
    facts = {
        "model": "noise",
        "analysis": "noise",
        "runtime": "onnx",
        "checkpoint": "noise.onnx",
        "sha256": sha256(folder / "noise.onnx"),
        "labels": list(NOISE.labels),
        "data_sha256": hashlib.sha256(b"data").hexdigest(),
        "holdout": "holdout.jsonl",
        "holdout_sha256": sha256(folder / "holdout.jsonl"),
        "metrics": {"val_uar": 0.5},
        "licence": "CC0-1.0",
    }
    (folder / "trained.json").write_text(json.dumps(facts))
    return folder
