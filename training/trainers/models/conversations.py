"""Conversations composed of the recordings of single voices, with their reference."""

import io
import json
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earshot.analysis.errors import Misconfigured
from evaluation.gate.unseen import MADE_OF
from training.data.datasets import RATE, waveform
from training.data.dialogues import compose, pieces
from training.trainers.data.features import Floats
from training.trainers.data.listing import some
from training.trainers.data.recordings import Recording
from training.trainers.watch import Watch
from training.trainers.whole_files import replace, replace_text


def check_speech(recordings: Sequence[Recording], watch: Watch) -> None:
    """Checks that conversations can be composed of recordings.

    Raises:
        Misconfigured: ``data``, no speech is found in some; names them.
    """
    silent = []
    with watch.stage("looking for speech", len(recordings)):
        for i, each in enumerate(recordings, 1):
            if not pieces(waveform(each.path)):
                silent.append(each.name)
            watch.step(i)
    if silent:
        raise Misconfigured("data", f"no speech was found in {some(silent)}")


def conversations(recordings: Sequence[Recording], folder: Path) -> str:
    """Writes a conversation of each pair of neighbours; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    voices: dict[str, list[Recording]] = {}
    for each in sorted(recordings, key=lambda one: one.digest):
        voices.setdefault(each.group, []).append(each)
    names, random = sorted(voices), np.random.default_rng(0)
    rows = []
    for i in range(0, max(len(names) - 1, 1), 2):
        pair = names[i : i + 2]
        dialogue = compose(
            {
                f"s{k}": [waveform(each.path) for each in voices[name]]
                for k, name in enumerate(pair)
            },
            random,
        )
        name, reference = f"conversation-{i // 2}", folder / f"conversation-{i // 2}.rttm"
        replace(folder / f"{name}.wav", _wav(dialogue.samples))
        lines = [
            f"SPEAKER {name} 1 {turn.start_ms / 1000:.3f}"
            f" {(turn.end_ms - turn.start_ms) / 1000:.3f} <NA> <NA> {turn.speaker} <NA> <NA>\n"
            for turn in dialogue.reference
        ]
        replace_text(reference, "".join(lines))
        row = {
            "path": (folder / f"{name}.wav").resolve().as_posix(),
            "rttm": reference.resolve().as_posix(),
            MADE_OF: [
                {"path": each.path.resolve().as_posix(), "sha256": each.digest}
                for speaker in pair
                for each in voices[speaker]
            ],
        }
        rows.append(json.dumps(row) + "\n")
    return "".join(rows)


def _wav(samples: Floats) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
