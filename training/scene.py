"""Distils YAMNet into a small CNN for the five scenes and measures it against people's labels and against its teacher.

python -m training.scene --data ../shared/data --models ../shared/models --out outputs/scene
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from audio.features import YAMNET, Array
from audio.windows import WindowSpec, windows
from evaluation.classification import Evaluation, evaluate, save_json
from training import augment, scene_sounds
from training.card import write_card
from training.crossval import Floats, Ints, WindowSet, calibrated_shares, out_of_fold
from training.datasets import RATE, Example, folds, indices
from training.export import describe, export_torch, window_metadata
from training.fit import Recipe, fit, logits
from training.nets import PatchNet
from training.teacher import gathered, shares, yamnet

LABELS = scene_sounds.SCENES
SPEC = WindowSpec(mel=YAMNET, length=96, hop=48)
RECIPE = Recipe(epochs=6, batch=64, rate=4e-3, bands_masked=8, frames_masked=16)
FOLDS = 3
JUDGED_APART = ("scene/pyaudio3", "scene/ibm_max", "scene/librosa", "noise/esc10", "noise/babycry", "diarization/ami_debug")
"""Sets with a table of their own in the card."""

HUMAN = 0.4
"""Weight of people's labels in the target; the rest is the teacher's answer."""


class Sounds:
    """All windows with their targets."""

    def __init__(self, rows: list[Example], models: Path) -> None:
        self.random = np.random.default_rng(0)
        self.models = models
        self.inputs: list[Array] = []
        self.targets: list[Array] = []
        self.answers: list[Array] = []  # the teacher's, one row a recording
        self.owner: list[int] = []
        self.clean: list[bool] = []
        self.rows = rows
        excerpts = [scene_sounds.excerpt(row) for row in rows]
        for i, row in enumerate(rows):
            self.add(i, excerpts[i], row.label, clean=True)
            if row.source in scene_sounds.JUDGED_ONLY:
                continue
            for _ in range(8 if row.label == "music" else 1):
                self.add(i, self.varied(i, excerpts), None, clean=False)

    def varied(self, i: int, excerpts: list[Array]) -> Array:
        """The recording at another level, half of the time under noise. Never mixed with another recording: that would carry
        it across the folds."""
        samples = excerpts[i]
        if self.rows[i].label == "music":  # there is little of it: let each piece be heard in other keys and tempi
            samples = augment.speed(samples, self.random.uniform(0.75, 1.3))
        if self.random.random() < 0.5:
            noise = augment.coloured(self.random, len(samples), self.random.choice([0.0, 1.0, 2.0]), 0.1)
            samples = augment.mix(samples, noise, self.random.uniform(0, 25))
        return (samples * 10 ** self.random.uniform(-1.2, 0)).astype(np.float32)

    def add(self, owner: int, samples: Array, label: str | None, clean: bool) -> None:
        """Windows of one waveform; some copies reach the student through a telephone, the teacher never."""
        cut = windows(samples, RATE, SPEC)
        raised = gathered(yamnet(self.models, cut), LABELS)
        if not clean and self.random.random() < 0.35:
            cut = windows(augment.telephone(samples), RATE, SPEC)[: len(raised)]
        wanted = shares(raised)[: len(cut)]
        if label is not None:
            wanted = (1 - HUMAN) * wanted + HUMAN * np.eye(len(LABELS), dtype=np.float32)[LABELS.index(label)]
        if clean:
            self.answers.append(shares(raised.mean(axis=0)))
        self.inputs.append(cut.astype(np.float16))
        self.targets.append(wanted.astype(np.float32))
        self.owner += [owner] * len(cut)
        self.clean += [clean] * len(cut)

    def window_set(self) -> WindowSet:
        return WindowSet(np.concatenate(self.inputs), np.array(self.owner), np.array(self.clean))


def trained(inputs: Floats, targets: Floats) -> tuple[PatchNet, Floats, Floats]:
    """A network fitted on windows and on generated sounds, with the mean and deviation of each band."""
    random = np.random.default_rng(1)
    made = [(windows(samples, RATE, SPEC), label) for samples, label in scene_sounds.generated(random, 140)]
    known = np.concatenate([np.eye(len(LABELS), dtype=np.float32)[[LABELS.index(label)] * len(cut)] for cut, label in made])
    inputs = np.concatenate([inputs, *(cut.astype(np.float16) for cut, _ in made)])
    targets = np.concatenate([targets, known])
    sample = inputs[:: max(len(inputs) // 4000, 1)].astype(np.float32)
    mean, std = sample.mean(axis=(0, 1)), sample.std(axis=(0, 1)) + 1e-3
    torch.manual_seed(RECIPE.seed)
    net = PatchNet(len(LABELS))
    fit(net, ((inputs - mean) / std).astype(np.float16), targets, RECIPE)
    return net, mean, std


def measure(rows: list[Example], data: WindowSet, targets: Floats, teacher: Floats) -> tuple[list[Evaluation], float]:
    """Against people and teacher on recordings not trained on; the same people's labels against the teacher; temperature."""
    fold = folds([row.group for row in rows], FOLDS)
    usable = scene_sounds.learnable(rows)

    def train(learn: np.ndarray, judge: np.ndarray) -> Floats:
        learn = learn & usable[data.owner]
        net, mean, std = trained(data.inputs[learn], targets[learn])
        return logits(net, ((data.inputs[judge] - mean) / std).astype(np.float16))

    answers = out_of_fold(data, fold, train)
    truth = indices(LABELS, [row.label for row in rows])
    student, temperature = calibrated_shares(truth, answers, data.owner[data.clean], fold, usable)
    return _compared(rows, truth, student, teacher), temperature


def _compared(rows: list[Example], truth: Ints, student: Floats, teacher: Floats) -> list[Evaluation]:
    groups, sources = np.array([row.group for row in rows]), np.array([row.source for row in rows])
    results = [
        evaluate("people's labels, all sets", LABELS, truth, student, groups),
        evaluate("YAMNet itself on the same", LABELS, truth, teacher, groups),
        evaluate("agreement with YAMNet", LABELS, teacher.argmax(axis=1), student, groups),
    ]
    for name in JUDGED_APART:
        part = sources == name
        results.append(evaluate(f"people's labels, {name}", LABELS, truth[part], student[part], groups[part]))
    return results


def main(data_folder: Path, models: Path, out: Path) -> None:
    """Measure by cross-validation, train on everything but the sets kept for judging, export, write the card."""
    rows = scene_sounds.recordings(data_folder)
    sounds = Sounds(rows, models)
    data, targets = sounds.window_set(), np.concatenate(sounds.targets)
    print(f"{len(rows)} recordings, {len(data.owner)} windows", flush=True)
    results, temperature = measure(rows, data, targets, np.stack(sounds.answers))
    usable = scene_sounds.learnable(rows)[data.owner]
    net, mean, std = trained(data.inputs[usable], targets[usable])
    path = out / "scene.onnx"
    export_torch(net, path, ((data.inputs[:8] - mean) / std).astype(np.float32), ("log_mel", "scene_logits"))
    describe(path, **window_metadata(LABELS, SPEC, mean, std, temperature))
    save_json(out / "evaluation.json", results)
    write_card("scene", out, scene_sounds.SETS, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.out)
