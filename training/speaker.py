"""Trains the speaker network on one utterance each of LibriSpeech speakers: ``python -m training.speaker --output outputs/speaker``."""

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.datasets import Example, examples
from training.speaker_data import SPEEDS, Floats, crops, harder, voices
from training.speaker_net import MarginLoss, SpeakerNet

TRAIN_SET = "speaker/librispeech_train-clean-100"
HELD_OUT = 7
"""Every 7th speaker is not trained on: the clustering threshold is chosen on those."""
MINUTES = 6.0
BATCH = 64
STEPS = 3600
FRAMES = (90, 180)
"""Crops last 0.9 to 1.8 s; the worker embeds windows of 1.5 s."""


def split(rows: list[Example]) -> tuple[list[Example], list[Example]]:
    """Speakers to train on, and speakers held out, whole speakers each."""
    speakers = sorted({row.group for row in rows})
    held = set(speakers[::HELD_OUT])
    return [row for row in rows if row.group not in held], [row for row in rows if row.group in held]


def fit(rows: list[Example], steps: int = STEPS, seed: int = 0) -> SpeakerNet:
    """A trained network; every speed of every utterance is a class of its own."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    voice = voices(rows)
    net, loss = SpeakerNet(), MarginLoss(len(voice))
    parameters = [*net.parameters(), *loss.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.15)
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
            print(f"step {step + 1} loss {total / 100:.3f} {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0
    return net.eval()


def _batch(voice: list[Floats], random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    frames = int(random.integers(*FRAMES))
    targets: NDArray[np.int64] = random.integers(0, len(voice), BATCH)
    others = crops(voice, random.integers(0, len(voice), BATCH), frames, random)
    return torch.from_numpy(harder(crops(voice, targets, frames, random), others, random)), torch.from_numpy(targets)


if __name__ == "__main__":
    import sys
    train, held = split(examples(Path(sys.argv[1]), TRAIN_SET))
    print(len(train), len(held), len(SPEEDS))
    net = fit(train, steps=int(sys.argv[3]))
    torch.save(net.state_dict(), sys.argv[2])
