"""Trains the 1D CNN of [001] on emotional speech and measures it on speakers it has not heard.

python -m training.emotion --data ../shared/data --out outputs/emotion
"""

import argparse
from pathlib import Path

import numpy as np

from audio.features import MelSpec
from audio.windows import WindowSpec, windows
from evaluation.classification import Evaluation, evaluate, save_json
from training import augment, emotional_speech
from training.card import write_card
from training.crossval import Floats, Ints, WindowSet, calibrated_shares, out_of_fold
from training.datasets import Example, folds, indices, waveform
from training.export import describe, export_torch, window_metadata
from training.fit import Recipe, fit, logits
from training.nets import EmotionNet

LABELS = ("happy", "sad", "angry", "surprised", "neutral")  # 001-01, in this order
SPEC = WindowSpec(  # 001-02, 001-29, C-09: 64 x 100, hop 160, 2048-point transform
    mel=MelSpec(n_fft=2048, window=2048, hop=160, n_mels=64, fmin=20, fmax=8000, offset=1e-5, power=2, centre=True),
    length=100,
    hop=50,
    layout="mel_time",
    level=0.05,
)
RECIPE = Recipe(epochs=10, batch=64, rate=3e-3, smoothing=0.1, bands_masked=10, frames_masked=20, time_axis=2, mixup=0.2)
FOLDS = 4


def build(rows: list[Example]) -> WindowSet:
    """Windows of every utterance, as recorded, and at a speed up to a tenth slower or faster."""
    random = np.random.default_rng(0)
    inputs, owner, clean = [], [], []
    for i, row in enumerate(rows):
        samples = emotional_speech.trimmed(waveform(row.path))
        for factor in (1.0, random.uniform(0.9, 1.1)):
            cut = windows(samples if factor == 1.0 else augment.speed(samples, factor), 16_000, SPEC)
            inputs.append(cut.astype(np.float16))
            owner += [i] * len(cut)
            clean += [factor == 1.0] * len(cut)
    return WindowSet(np.concatenate(inputs), np.array(owner), np.array(clean))


def trained(data: WindowSet, truth: Ints, rows: np.ndarray) -> tuple[EmotionNet, Floats, Floats]:
    """A network fitted on the windows of a mask, with the mean and deviation of each band there.

    Every label weighs the same: recordings of a rare one count more.
    """
    mean, std = statistics(data.inputs[rows])
    wanted = np.eye(len(LABELS), dtype=np.float32)[truth[data.owner[rows]]]
    keep = balanced(wanted.argmax(axis=1))
    import torch

    torch.manual_seed(RECIPE.seed)
    net = EmotionNet(len(LABELS))
    fit(net, normalised(data.inputs[rows][keep], mean, std), wanted[keep], RECIPE)
    return net, mean, std


def balanced(label: Ints, seed: int = 0) -> Ints:
    """Positions in which every label occurs as often as the commonest half: rare ones repeat, common ones are thinned."""
    random = np.random.default_rng(seed)
    counts = np.bincount(label)
    size = int(np.median(counts[counts > 0]))
    parts = [np.flatnonzero(label == k) for k in np.flatnonzero(counts)]
    return np.concatenate([random.permutation(np.resize(random.permutation(part), size)) for part in parts])


def statistics(inputs: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every band."""
    sample = inputs[:: max(len(inputs) // 4000, 1)].astype(np.float32)
    return sample.mean(axis=(0, 2)), sample.std(axis=(0, 2)) + 1e-3


def normalised(inputs: Floats, mean: Floats, std: Floats) -> Floats:
    """Bands with mean 0 and deviation 1."""
    return ((inputs - mean[:, None]) / std[:, None]).astype(np.float16)


def measure(rows: list[Example], data: WindowSet, truth: Ints) -> tuple[list[Evaluation], float]:
    """Cross-validated quality over all sets and in each, and the temperature of the shipped checkpoint."""
    fold = folds([row.group for row in rows], FOLDS)

    def train(learn: np.ndarray, judge: np.ndarray) -> Floats:
        net, mean, std = trained(data, truth, learn)
        return logits(net, normalised(data.inputs[judge], mean, std))

    answers = out_of_fold(data, fold, train)
    shares, temperature = calibrated_shares(truth, answers, data.owner[data.clean], fold)
    groups, sources = np.array([row.group for row in rows]), np.array([row.source for row in rows])
    results = [evaluate("unseen speakers, all sets", LABELS, truth, shares, groups)]
    for name, _ in emotional_speech.SETS:
        part = sources == name
        results.append(evaluate(f"unseen speakers, {name}", LABELS, truth[part], shares[part], groups[part]))
    return results, temperature


def main(data_folder: Path, out: Path) -> None:
    """Measure by cross-validation, train on everything, export, write the card."""
    rows = emotional_speech.utterances(data_folder, "emotion", LABELS)
    truth = indices(LABELS, [row.label for row in rows])
    data = build(rows)
    print(f"{len(rows)} utterances of {len({row.group for row in rows})} speakers, {len(data.owner)} windows", flush=True)
    results, temperature = measure(rows, data, truth)
    net, mean, std = trained(data, truth, np.ones(len(data.owner), bool))
    path = out / "emotion.onnx"
    export_torch(
        net, path, normalised(data.inputs[:8], mean, std).astype(np.float32), ("log_mel_spectrogram", "emotion_logits")
    )
    describe(path, **window_metadata(LABELS, SPEC, mean, std, temperature))
    save_json(out / "evaluation.json", results)
    write_card("emotion", out, emotional_speech.SETS, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
