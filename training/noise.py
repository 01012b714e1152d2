"""Trains the small noise classifier and measures it on ESC-50 folds and source recordings it has not heard.

python -m training.noise --data ../shared/data --models ../shared/models --out outputs/noise
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from analysis.noise_labels import CLASSIFIED
from audio.features import YAMNET, Array
from audio.level import SILENT
from audio.windows import WindowSpec, window_loudness, windows
from evaluation.classification import Evaluation, evaluate, save_json
from training import augment, noise_sounds
from training.card import write_card
from training.crossval import Floats, Ints, WindowSet, calibrated_shares, out_of_fold
from training.datasets import RATE, Example, folds, indices
from training.export import describe, export_torch, window_metadata
from training.fit import Recipe, fit, logits
from training.nets import Merged, PatchNet
from training.teacher import CLASSES, shares, yamnet

FINE = tuple(dict.fromkeys("baby_cry" if name == "crying_baby" else name for name in noise_sounds.categories()))
LABELS = noise_sounds.published()
ESC10 = FINE[:10]
SPEC = WindowSpec(mel=YAMNET, length=96, hop=48)
RECIPE = Recipe(epochs=7, batch=64, rate=4e-3, smoothing=0.05, bands_masked=10, frames_masked=20, teacher_weight=20.0)
FOLDS = 4


def build(rows: list[Example], models: Path) -> tuple[WindowSet, Floats]:
    """Audible windows of every sound as it is and of one altered copy, and YAMNet's scores of each."""
    random = np.random.default_rng(0)
    inputs, scores, owner, clean = [], [], [], []
    for i, row in enumerate(rows):
        samples = noise_sounds.sound(row, random)
        for copy in (samples, altered(samples, random)):
            cut = audible(copy) if copy is samples else audible(copy)[::2]
            inputs.append(cut.astype(np.float16))
            scores.append(yamnet(models, cut).astype(np.float16))
            owner += [i] * len(cut)
            clean += [copy is samples] * len(cut)
    return WindowSet(np.concatenate(inputs), np.array(owner), np.array(clean)), np.concatenate(scores)


def audible(samples: Array) -> Array:
    """The windows that the worker would count: ESC-50 clips are filled up with digital silence, which says nothing."""
    cut = windows(samples, RATE, SPEC)
    loud = window_loudness(samples[None], RATE, SPEC) >= SILENT
    return cut[loud] if loud.any() else cut


def altered(samples: Array, random: np.random.Generator) -> Array:
    """At another level, sometimes with a weak hiss, at another speed, or through a telephone."""
    level = augment.rms(samples)
    if random.random() < 0.4 and level > SILENT:
        samples = augment.mix(samples, augment.coloured(random, len(samples), 1.0, 0.1), random.uniform(12, 30))
    if random.random() < 0.5:
        samples = augment.speed(samples, random.uniform(0.9, 1.1))
    if random.random() < 0.25:
        samples = augment.telephone(samples)
    return augment.limited((samples * 10 ** random.uniform(-0.8, 0.3)).astype(np.float32))


def trained(inputs: Floats, scores: Floats, truth: Ints) -> tuple[PatchNet, Floats, Floats]:
    """A network that learns the fine names and, beside them, all that YAMNet hears: the few clips teach more that way."""
    sample = inputs[:: max(len(inputs) // 4000, 1)].astype(np.float32)
    mean, std = sample.mean(axis=(0, 1)), sample.std(axis=(0, 1)) + 1e-3
    torch.manual_seed(RECIPE.seed)
    net = PatchNet(len(FINE), teacher=CLASSES)
    fit(net, ((inputs - mean) / std).astype(np.float16), np.eye(len(FINE), dtype=np.float32)[truth], RECIPE, scores)
    return net, mean, std


def measure(rows: list[Example], data: WindowSet, scores: Floats, truth: Ints) -> tuple[list[Evaluation], float]:
    """In published categories over all recorded noise and per set, ten-way on ESC-10; the temperature to ship."""
    fold = folds([row.group for row in rows], FOLDS)

    def train(learn: np.ndarray, judge: np.ndarray) -> Floats:
        net, mean, std = trained(data.inputs[learn], scores[learn], truth[data.owner[learn]])
        return logits(net, ((data.inputs[judge] - mean) / std).astype(np.float16))

    answers = out_of_fold(data, fold, train)
    fine, temperature = calibrated_shares(truth, answers, data.owner[data.clean], fold)
    groups, sources = np.array([row.group for row in rows]), np.array([row.source for row in rows])
    esc = sources == "noise/esc10"
    coarse, wanted = fine @ matrix(), matrix().argmax(axis=1)[truth]
    recorded = np.char.startswith(sources, noise_sounds.RECORDED)
    parts = {"all recorded noise": recorded, **{name: sources == name for name, _ in noise_sounds.SETS}}
    results = [
        evaluate(f"published categories, {name}", LABELS, wanted[part], coarse[part], groups[part])
        for name, part in parts.items()
    ]
    results.insert(1, evaluate("ESC-10, ten ways, unseen folds", ESC10, truth[esc], shares(fine[esc][:, :10]), groups[esc]))
    return results, temperature


def matrix() -> Floats:
    """Which fine name counts for which published category, shape (fine, published)."""
    category = noise_sounds.categories()
    return np.eye(len(LABELS), dtype=np.float32)[indices(LABELS, [category[name] for name in FINE])]


def coverage() -> str:
    """Which categories the checkpoint can answer, as a section of its card."""
    rest = [label for label in CLASSIFIED if label not in LABELS]
    return f"## Coverage\n\nCovered ({len(LABELS)}): {', '.join(LABELS)}.\n\nNot covered ({len(rest)}): {', '.join(rest)}."


def main(data_folder: Path, models: Path, out: Path) -> None:
    """Measure by cross-validation, train on everything, export, write the card."""
    rows = noise_sounds.recordings(data_folder)
    truth = indices(FINE, [row.label for row in rows])
    data, scores = build(rows, models)
    print(f"{len(rows)} sounds, {len(data.owner)} windows", flush=True)
    results, temperature = measure(rows, data, scores, truth)
    net, mean, std = trained(data.inputs, scores, truth[data.owner])
    path = out / "noise.onnx"
    net.teacher = None
    merged = Merged(net, torch.from_numpy(matrix()), temperature)
    export_torch(merged, path, ((data.inputs[:8] - mean) / std).astype(np.float32), ("log_mel", "noise_log_shares"))
    describe(path, **window_metadata(LABELS, SPEC, mean, std, 1.0), fine_labels=FINE)
    save_json(out / "evaluation.json", results)
    write_card("noise", out, noise_sounds.SETS, results, coverage())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.out)
