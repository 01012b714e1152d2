"""Trains the segmentation network on composed talk of LibriSpeech speakers."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from earshot.compute import onnx_runtime
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.export import check_parity, describe, redescribe
from earshot.models.metadata import SegmentationMetadata
from earshot.models.speakers.embedding import open_packaged_speaker
from earshot.models.speakers.segmentation import as_segmentation
from earshot.settings import settings
from training.data.datasets import examples, waveform
from training.fitting.card import write_card
from training.recipes.segmentation.data import (
    FRAME_MS,
    LEVEL,
    SPEC,
    Counts,
    Floats,
    voices,
    window,
)
from training.recipes.segmentation.judged import best, case, held_out, measured
from training.recipes.segmentation.net import Counter, SegmentationNet
from training.recipes.speaker.judged import TRAIN_SET, split

NOISE_SET = "noise/esc10"
SETS = (
    ("LibriSpeech train-clean-100, one utterance a speaker", "CC BY 4.0"),
    ("ESC-10", "CC BY 3.0"),
)
VOICES = "diarization-ge2e-1"
"""The release with whose voices the network is judged."""
WINDOWS = 3_500
BATCH = 16
STEPS = 2_600
HIDDEN_BANDS = 12
"""Most bands that are hidden from the network in a window while it learns."""


def composed(data: Path, count: int, seed: int = 0) -> tuple[Floats, Counts]:
    """Windows of the training speakers: shape (count, frames, bands) as float16, and (count,
    frames / 2)."""
    random = np.random.default_rng(seed)
    train, _ = split(examples(data, TRAIN_SET))
    spoken = voices(train)
    noises = [waveform(row.path) for row in examples(data, NOISE_SET)]
    spectra, counts = [], []
    began = time.monotonic()
    for index in range(count):
        spectrum, active = window(spoken, noises, random)
        spectra.append(spectrum.astype(np.float16))
        counts.append(active)
        if index % 500 == 499:
            print(f"{index + 1} windows {time.monotonic() - began:.0f} s", flush=True)
    return np.stack(spectra), np.stack(counts)


def fit(spectra: Floats, counts: Counts, steps: int = STEPS, seed: int = 0) -> SegmentationNet:
    """A trained network."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    net = SegmentationNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 3e-3, total_steps=steps, pct_start=0.1
    )
    began, total, right = time.monotonic(), 0.0, np.zeros(3)
    for step in range(steps):
        chosen = random.integers(0, len(spectra), BATCH)
        rows = _hidden(spectra[chosen].astype(np.float32), random)
        targets = torch.from_numpy(counts[chosen].astype(np.int64))
        optimiser.zero_grad()
        logits = net(torch.from_numpy(rows))
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        found, true = logits.argmax(dim=2) == 2, targets == 2
        right += [int((found & true).sum()), int(found.sum()), int(true.sum())]
        if step % 100 == 99:
            f1 = 2 * right[0] / max(1, right[1] + right[2])
            seconds = time.monotonic() - began
            print(f"step {step + 1} loss {total / 100:.3f} F1 {f1:.3f} {seconds:.0f} s", flush=True)
            total, right = 0.0, np.zeros(3)
    return net.eval()


def _hidden(spectra: Floats, random: np.random.Generator) -> Floats:
    """Some bands at their mean over the window (SpecAugment, Park et al. 2019)."""
    for row in spectra:
        width = int(random.integers(0, HIDDEN_BANDS + 1))
        first = int(random.integers(0, spectra.shape[2] - width + 1))
        if width:
            row[:, first : first + width] = row[:, first : first + width].mean()
    return spectra


def export(net: SegmentationNet, path: Path) -> None:
    """Writes the network; batch and length are free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    example = np.random.default_rng(0).normal(-5, 2, (2, 400, SPEC.n_mels)).astype(np.float32)
    counter = Counter(net).eval()
    axes = {"log_mel": {0: "batch", 1: "frames"}, "voices": {0: "batch", 1: "frames"}}
    torch.onnx.export(
        counter, (torch.from_numpy(example),), str(path), input_names=["log_mel"],
        output_names=["voices"], dynamic_axes=axes, dynamo=False,
    )  # fmt: skip
    with torch.no_grad():
        check_parity(path, example, {"voices": counter(torch.from_numpy(example)).numpy()})
    about = SegmentationMetadata(mel=SPEC, level=LEVEL, frame_ms=FRAME_MS, overlap=0.5)
    describe(path, about)


def main(data: Path, out: Path, windows: int, steps: int) -> None:
    """Composes, trains and releases. A network that is in ``out`` is not trained again."""
    if not (out / "segmentation.onnx").is_file():
        spectra, counts = composed(data, windows)
        export(fit(spectra, counts, steps), out / "segmentation.onnx")
    ship(data, out)


def ship(data: Path, out: Path) -> None:
    """Chooses the probability of an overlap, evaluates, and writes the card."""
    path = out / "segmentation.onnx"
    model = open_packaged_speaker(next(e for e in load() if e.name == VOICES).release(), settings())
    train, held = split(examples(data, TRAIN_SET))
    segmentation = as_segmentation(onnx_runtime.session(path))
    cases = [case(model, segmentation, talk) for talk in held_out(held)]
    overlap = best(cases, model.threshold)
    redescribe(path, SegmentationMetadata, overlap=overlap)
    segmentation = as_segmentation(onnx_runtime.session(path))
    chosen = (
        f"Trained on {len(train)} speakers at three speeds; several voices are found above a"
        f" probability of {overlap}, chosen on conversations of {len(held)} others, near and"
        " far."
    )
    table = measured(model, segmentation, data)
    write_card("segmentation", out, SETS, (), f"{table}\n\n{chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out, arguments.windows, arguments.steps)
