"""The other side: the same work in a conventional implementation, with librosa, torch and
scikit-learn; one recording a line.

Plain code without handicaps: audio is read once a chunk, a spectrogram is computed once a chunk,
all windows of a chunk are one batch and so are its utterances, noise is searched between the
utterances, and everything is compiled and warmed up before it is measured. The networks are the
checkpoints' own, run by torch.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import onnx
import soundfile
import torch

from trials.bench import usual_quality, usual_voices
from trials.bench.eager import check, opened

EMBEDDED = Path(__file__).resolve().parents[2] / "earshot" / "models" / "embedded"
RATE = 16_000
NOISE_WINDOWS = 25
"""A chunk."""
NOISE_PART_MS = 5_000
SILENT = 10 ** (-66 / 20)

Work = dict[str, Any]
Chunk = dict[str, Any]
Analysis = Callable[[np.ndarray, Chunk], object]
"""A function of the audio of a chunk, shape (channels, samples) or (samples,)."""


def main() -> None:
    """Prints a line when everything is loaded and warmed up, then for each line of work the CPU
    seconds of each stage."""
    torch.set_num_threads(1)
    analyses = {
        "scene": _patches("scene"),
        "noise": _patches("noise"),
        "sentiment": usual_voices.analysis(),
    }
    _warm(analyses)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"cpu": _measured(analyses, json.loads(line))}), flush=True)


def _measured(analyses: Mapping[str, Analysis], work: Work) -> dict[str, float]:
    cpu = {}
    for name, analyse in analyses.items():
        began = time.process_time()
        with torch.no_grad():
            for chunk in work["chunks"]:
                analyse(
                    _read(work["path"], chunk, mono=name != "sentiment"),
                    {**chunk, "roles": work["roles"]},
                )
        cpu[name] = time.process_time() - began
    sound, rate = soundfile.read(work["path"], always_2d=True)  # decoding counts on neither side
    began = time.process_time()
    usual_quality.measured(sound, rate)
    return {**cpu, "quality": time.process_time() - began}


def _warm(analyses: Mapping[str, Analysis]) -> None:
    """Runs everything once: compilation and imports at first use are not counted."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, np.random.default_rng(0).normal(0, 0.1, 3 * RATE), RATE)
        chunk = {"start_ms": 0, "end_ms": 3000, "speech": [[0, 0, 3000]]}
        _measured(analyses, {"path": file.name, "chunks": [chunk], "roles": []})


def _patches(name: str) -> Analysis:
    """Shares of the checkpoint's labels over a chunk."""
    path = EMBEDDED / f"{name}.onnx"
    network, known = opened(path), _metadata(path)
    window = known["window"]
    mean, std = (np.asarray(known[key], np.float32) for key in ("mean", "std"))
    is_standard = not mean.any() and (std == 1).all()  # then the network does it itself
    check(
        path,
        network,
        np.random.default_rng(0)
        .standard_normal((2, window["length"], len(mean)))
        .astype(np.float32),
    )

    def analyse(sound: np.ndarray, chunk: Chunk) -> object:
        frames = _log_mel(sound, window["mel"])
        size, hop = window["length"], window["hop"]
        starts = list(range(0, max(len(frames) - size, 0) + 1, hop))
        if name == "noise":
            starts = _telling(starts, size, window["mel"], chunk, sound)
        rows = np.stack(
            [np.resize(frames[at : at + size], (size, frames.shape[1])) for at in starts]
        )
        rows = rows if is_standard else (rows - mean) / std
        return torch.softmax(network(torch.from_numpy(rows)) / known["temperature"], dim=1).mean(
            dim=0
        )

    return analyse


def _telling(
    starts: list[int], size: int, mel: dict[str, Any], chunk: Chunk, sound: np.ndarray
) -> list[int]:
    """Selects windows as ours does: in each part of about 5 s audible ones, of them those between
    the utterances, if there are any; at most ``NOISE_WINDOWS``."""
    frame, hop = mel["hop"] * 1000 / mel["sample_rate"], mel["hop"]
    length = chunk["end_ms"] - chunk["start_ms"]
    count = max(round(length / NOISE_PART_MS), 1)
    parts: list[list[int]] = [[] for _ in range(count)]
    for at in starts:
        parts[min(int((at + size / 2) * frame * count / length), count - 1)].append(at)
    chosen = []
    for part in parts:
        audible = [at for at in part if sound[at * hop : (at + size) * hop].std() >= SILENT] or part
        spans = [
            (chunk["start_ms"] + at * frame, chunk["start_ms"] + (at + size) * frame)
            for at in audible
        ]
        free = [
            at
            for at, span in zip(audible, spans, strict=True)
            if all(span[1] <= u[1] or span[0] >= u[2] for u in chunk["speech"])
        ] or audible
        most = max(NOISE_WINDOWS // count, 1)
        places = np.linspace(0, len(free) - 1, min(most, len(free))).round().astype(int)
        chosen += [free[place] for place in places]
    return chosen


def _log_mel(sound: np.ndarray, mel: dict[str, Any]) -> np.ndarray:
    spectrogram = librosa.feature.melspectrogram(
        y=np.pad(sound, (0, max(mel["n_fft"] - len(sound), 0))),
        sr=mel["sample_rate"],
        n_fft=mel["n_fft"],
        hop_length=mel["hop"],
        win_length=mel["window"],
        center=mel["centre"],
        power=mel["power"],
        n_mels=mel["n_mels"],
        fmin=mel["fmin"],
        fmax=mel["fmax"],
        htk=mel["scale"] == "htk",
        norm=None,
    )
    frames: np.ndarray = np.log(spectrogram + mel["offset"]).T.astype(np.float32)
    return frames


def _metadata(path: Path) -> dict[str, Any]:
    return {each.key: json.loads(each.value) for each in onnx.load(str(path)).metadata_props}


def _read(path: str, chunk: Chunk, mono: bool) -> np.ndarray:
    start_ms, end_ms = chunk["start_ms"], chunk["end_ms"]
    sound, _ = librosa.load(
        path, sr=RATE, mono=mono, offset=start_ms / 1000, duration=(end_ms - start_ms) / 1000
    )
    return sound if mono else np.atleast_2d(sound)


if __name__ == "__main__":
    main()
