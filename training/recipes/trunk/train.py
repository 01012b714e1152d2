"""Trains the trunk of the embedded noise and scene networks, by distilling YAMNet on packaged
sounds.

python -m training.recipes.trunk.train --data ../shared/data --models ../shared/models --out
outputs/trunk

No recording of ``--data`` is used for training: they are read to exclude packaged sounds with a
piece of one, and to measure the agreement of the trunk with its teacher on data that neither was
fitted to. Intermediate results stay in ``--out``.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from earshot.noise.nets import Standardised
from training.data.datasets import waveform
from training.recipes.trunk.goals import Goals, goals
from training.recipes.trunk.student_net import untrained
from training.recipes.trunk.windows import PARTS, Taught, joined, recordings, taught, unaltered

LOOKED_AT = "noise/esc10"
"""The set for measuring the agreement of student and teacher."""


@dataclass(frozen=True)
class Recipe:
    """Parameters of the run."""

    epochs: int = 12
    batch: int = 96
    rate: float = 5e-3  # peak of a one-cycle schedule
    decay: float = 1e-2
    scores_weight: float = 20.0
    features_weight: float = 3.0
    seed: int = 0


RECIPE = Recipe()
TRUNK, AGREEMENT = "trunk.pt", "trunk.json"


def fit(net: Standardised, lesson: Taught, wanted: Goals) -> None:
    """Trains in place, on one thread: teacher and student receive the same input, repeatedly (Beyer
    et al. 2022)."""
    torch.set_num_threads(1)
    random = np.random.default_rng(RECIPE.seed)
    sample = lesson.inputs[:: max(len(lesson.inputs) // 4000, 1)].astype(np.float32)
    net.mean.copy_(torch.from_numpy(sample.mean(axis=(0, 1))))
    net.std.copy_(torch.from_numpy(sample.std(axis=(0, 1)) + 1e-3))
    steps = len(lesson.inputs) // RECIPE.batch
    optimiser = torch.optim.AdamW(net.parameters(), lr=RECIPE.rate, weight_decay=RECIPE.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RECIPE.rate, total_steps=RECIPE.epochs * steps, pct_start=0.1
    )
    net.train()
    for epoch in range(RECIPE.epochs):
        order, losses = random.permutation(len(lesson.inputs)), []
        for step in range(steps):
            rows = np.sort(order[step * RECIPE.batch : (step + 1) * RECIPE.batch])
            inputs, scores = (
                torch.from_numpy(each[rows].astype(np.float32))
                for each in (lesson.inputs, lesson.scores)
            )
            optimiser.zero_grad()
            pooled = net.net.embed(net.standardised(inputs))
            score_loss = functional.binary_cross_entropy_with_logits(net.net.scores(pooled), scores)
            feature_loss = (
                (net.net.features(pooled) - torch.from_numpy(wanted.of(lesson.features[rows])))
                .square()
                .mean()
            )
            (RECIPE.scores_weight * score_loss + RECIPE.features_weight * feature_loss).backward()
            optimiser.step()
            schedule.step()
            losses.append(float(feature_loss.detach()))
        print(f"epoch {epoch + 1}: features missed by {np.mean(losses):.4f}", flush=True)
    net.eval()


@torch.no_grad()
def agreement(net: Standardised, wanted: Goals, unseen: Taught) -> float:
    """Correlation of the student's goals with the teacher's, over all windows and components."""
    parts = torch.from_numpy(unseen.inputs.astype(np.float32)).split(256)
    own = torch.cat(
        [net.net.features(net.net.embed(net.standardised(part))) for part in parts]
    ).numpy()
    return float(np.corrcoef(own.ravel(), wanted.of(unseen.features).ravel())[0, 1])


def main(data: Path, models: Path, out: Path, part: int | None) -> None:
    """Draws windows, trains, keeps the trunk with its goals, and reports the agreement with its
    teacher."""
    out.mkdir(parents=True, exist_ok=True)
    if part is not None:
        taught(part, data, models, out)
        return
    lesson = joined(taught(each, data, models, out) for each in range(PARTS))
    wanted = goals(lesson.features)
    torch.manual_seed(RECIPE.seed)
    net = untrained()
    fit(net, lesson, wanted)
    torch.save(net.state_dict(), out / TRUNK)
    report(net, wanted, data, models, out)


def report(net: Standardised, wanted: Goals, data: Path, models: Path, out: Path) -> None:
    """Writes the agreement of the trunk with its teacher on unseen recordings."""
    unseen = unaltered(
        [waveform(path) for path in recordings(data) if LOOKED_AT in path.as_posix()], models
    )
    result = {
        "set": LOOKED_AT,
        "windows": len(unseen.inputs),
        "correlation": round(agreement(net, wanted, unseen), 3),
    }
    (out / AGREEMENT).write_text(json.dumps(result))
    print(result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument(
        "--part", type=int, help=f"make one of the {PARTS} parts of the windows and end"
    )
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.out, arguments.part)
