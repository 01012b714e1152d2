"""Trains the speaker network on one utterance each of LibriSpeech speakers."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.models.checkpoints.export import OPSET, check_parity, describe, redescribe
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import SpeakerMetadata
from earshot.models.speakers.embedding import SpeakerModel, open_speaker
from earshot.settings import settings
from training.data.datasets import Example, examples
from training.fitting.card import write_card
from training.recipes.speaker.data import LEVEL, SPEC, Floats, crops, harder, voices
from training.recipes.speaker.judged import TRAIN_SET, best_threshold, measured, split
from training.recipes.speaker.net import BANDS, MarginLoss, SpeakerNet

SETS = (("LibriSpeech train-clean-100, one utterance a speaker", "CC BY 4.0"),)
BATCH = 64
STEPS = 3600
FRAMES = (90, 180)
"""Crops last 0.9 to 1.8 s; the worker embeds windows of 1.5 s."""


def fit(rows: list[Example], steps: int = STEPS, seed: int = 0) -> SpeakerNet:
    """A trained network; every speed of every utterance is a separate class."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    voice = voices(rows)
    net, loss = SpeakerNet(), MarginLoss(len(voice))
    parameters = [*net.parameters(), *loss.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 4e-3, total_steps=steps, pct_start=0.15
    )
    began, total = time.monotonic(), 0.0
    for step in range(steps):
        batch, targets = _batch(voice, random)
        optimiser.zero_grad()
        value = loss(net(batch), targets, margin=0.15 * min(1.0, 2 * step / steps))
        value.backward()
        optimiser.step()
        schedule.step()
        total += float(value.detach())
        if step % 100 == 99:
            print(
                f"step {step + 1} loss {total / 100:.3f} {time.monotonic() - began:.0f} s",
                flush=True,
            )
            total = 0.0
    return net.eval()


def _batch(voice: list[Floats], random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    frames = int(random.integers(*FRAMES))
    targets: NDArray[np.int64] = random.integers(0, len(voice), BATCH)
    others = crops(voice, random.integers(0, len(voice), BATCH), frames, random)
    return torch.from_numpy(
        harder(crops(voice, targets, frames, random), others, random)
    ), torch.from_numpy(targets)


def export(net: SpeakerNet, path: Path, threshold: float) -> None:
    """Writes the checkpoint with the metadata for ``earshot.models.speakers.embedding``; batch and
    length are free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    example = np.random.default_rng(0).normal(-5, 2, (2, 148, BANDS)).astype(np.float32)
    axes = {"log_mel": {0: "batch", 1: "frames"}, "embedding": {0: "batch"}}
    torch.onnx.export(
        net, (torch.from_numpy(example),), str(path), input_names=["log_mel"],
        output_names=["embedding"], dynamic_axes=axes, dynamo=False, opset_version=OPSET,
    )  # fmt: skip
    with torch.no_grad():
        check_parity(path, example, {"embedding": net(torch.from_numpy(example)).numpy()})
    describe(path, SpeakerMetadata(labels=(), mel=SPEC, level=LEVEL, threshold=threshold))


def opened(path: Path) -> SpeakerModel:
    """The exported checkpoint, as a worker opens it."""
    return open_speaker(
        Release(
            analysis="diarization",
            name=path.stem,
            runtime="onnx",
            uri=str(path.resolve()),
            sha256=sha256(path),
        ),
        settings(),
    )


def main(data: Path, out: Path, steps: int) -> None:
    """Trains and releases."""
    train, _ = split(examples(data, TRAIN_SET))
    ship(fit(train, steps), data, out)


def ship(net: SpeakerNet, data: Path, out: Path) -> None:
    """Chooses the threshold, exports, evaluates, and writes the card."""
    train, held = split(examples(data, TRAIN_SET))
    path = out / "speaker.onnx"
    export(net, path, threshold=0.0)
    threshold = best_threshold(opened(path), held)
    redescribe(path, SpeakerMetadata, threshold=threshold)
    model = opened(path)
    chosen = (
        f"Trained on {len(train)} speakers; threshold {threshold} chosen on conversations of"
        f" {len(held)} more, near and far."
    )
    write_card("speaker", out, SETS, (), f"{measured(model, data)}\n\n{chosen}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out, arguments.steps)
