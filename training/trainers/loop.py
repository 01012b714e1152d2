"""The training loop of all networks here: it can be killed at any moment and continues to the same
weights."""

import copy
import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from earshot.analysis.errors import Misconfigured, Permanent
from earshot.compute.device import out_of_memory
from training.trainers.identity import Identity
from training.trainers.lesson import Ints, Lesson
from training.trainers.machine import deterministic, device_of
from training.trainers.options import Options
from training.trainers.state import load, save
from training.trainers.watch import Stopped, Watch

DECAY = 1e-2
SLOWER, WAIT, SLOWEST = 0.5, 4, 0.02
"""Factor of the learning rate after so many epochs without a lower validation loss, and its least
share of the first."""


@dataclass
class Fitted:
    """What came of a training, besides the network's weights."""

    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    seconds: float = 0.0


@dataclass
class _Position:
    """Where the training is. All of it is in the state."""

    epoch: int = 0
    step: int = 0
    order: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    loss: float = 0.0  # sums over the steps of this epoch
    hits: int = 0
    seen: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    best_epoch: int = 0
    ended: bool = False
    history: dict[str, list[float]] = field(default_factory=dict)


class Loop:
    """Trains a network with AdamW until the validation loss no longer falls.

    On CUDA in mixed precision. With the same options, data, machine and versions the weights are
    the same, with or without interruptions.
    """

    def __init__(
        self, net: nn.Module, lesson: Lesson, options: Options, path: Path, identity: Identity
    ) -> None:
        """Creates a loop.

        Args:
            path: of the state; where there is one, training continues from it.
        """
        self.net, self.lesson, self.options = net, lesson, options
        self.path, self.identity = path, identity
        self.device = device_of(options.device)

    def run(self, watch: Watch) -> Fitted:
        """Trains, from the saved state if there is one. The network ends on the CPU, with the
        weights of the epoch that had the lowest validation loss.

        Raises:
            Stopped: the watch asked for it; the state is saved.
            Misconfigured: the saved state belongs to another training.
            Unavailable: ``disk_full``; the last state stays.
            Permanent: ``device_memory``, a batch does not fit.
        """
        try:
            return self._run(watch)
        except Exception as error:
            if not out_of_memory(error):
                raise
            size = self.options.batch_size
            raise Permanent(
                "device_memory",
                f"a batch of {size} does not fit into memory; set the batch size to"
                f" {max(size // 2, 1)}",
            ) from error

    def _run(self, watch: Watch) -> Fitted:
        self._begin()
        at, began = self.position, time.monotonic() - self.position.seconds
        with watch.stage("training", self.options.epochs):
            while not at.ended:
                for loss in self._epoch():
                    at.seconds = time.monotonic() - began
                    watch.step(at.epoch, step=at.step, loss=loss)
                    if watch.stopping:
                        self._save()
                        raise Stopped
                    if at.seconds - self._saved >= self.options.save_every:
                        self._save()
                self._judge(watch)
                at.seconds = time.monotonic() - began
        self._save()
        self.net.load_state_dict(self.best_weights)
        self.net.to("cpu").eval()
        return Fitted(at.history, at.best_epoch, at.seconds)

    def _begin(self) -> None:
        options = self.options
        deterministic(options.seed, options.threads)
        self.net.to(self.device)
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=options.lr, weight_decay=DECAY)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimiser, factor=SLOWER, patience=WAIT, min_lr=SLOWEST * options.lr
        )
        self.scaler = torch.amp.GradScaler("cuda", enabled=self.device.type == "cuda")
        self.random = np.random.default_rng(options.seed)
        self.position = _Position()
        self.best_weights = copy.deepcopy(self.net.state_dict())
        found = load(self.path, self.identity, self.device)
        if found is not None:
            self._resume(found)
        self._saved = self.position.seconds

    def _epoch(self) -> Iterator[float]:
        """One step after the other, from the position on; yields the mean loss so far."""
        at, size = self.position, self.options.batch_size
        if at.step == 0:
            at.order = self.lesson.order(self.random)
            at.loss, at.hits, at.seen = 0.0, 0, 0
        self.net.train()
        while at.step == 0 or len(at.order) - at.step * size > 1:
            # A batch of one has no deviation to normalise by: it joins the one before.
            end = (at.step + 1) * size
            end += len(at.order) - end == 1
            self._step(at.order[at.step * size : end])
            at.step += 1
            yield at.loss / at.seen

    def _step(self, items: Ints) -> None:
        inputs, targets = (each.to(self.device) for each in self.lesson.batch(items, self.random))
        self.optimiser.zero_grad()
        mixed = self.device.type == "cuda"
        with torch.autocast("cuda", torch.float16) if mixed else nullcontext():
            part = self.position.epoch / self.options.epochs
            loss, hits = self.lesson.loss(self.net, inputs, targets, part)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        at = self.position
        at.loss += float(loss.detach()) * len(items)
        at.hits += hits
        at.seen += len(items)

    def _judge(self, watch: Watch) -> None:
        """Ends an epoch."""
        at = self.position
        self.net.eval()
        with torch.no_grad():
            judged = self.lesson.judged(self.net)
        if not np.isfinite(judged.loss):
            raise Misconfigured(
                "training",
                f"the loss of epoch {at.epoch + 1} is {judged.loss}; lower the learning rate",
            )
        figures = {
            "train_loss": at.loss / at.seen, "train_acc": at.hits / at.seen,
            "val_loss": judged.loss, "val_acc": judged.accuracy, "val_uar": judged.uar,
            "lr": self.optimiser.param_groups[0]["lr"],
        }  # fmt: skip
        for name, value in figures.items():
            at.history.setdefault(name, []).append(float(value))
        if judged.loss < at.best:
            at.best, at.best_epoch = judged.loss, at.epoch
            self.best_weights = copy.deepcopy(self.net.state_dict())
        self.scheduler.step(judged.loss)
        watch.step(at.epoch + 1, **figures)
        at.epoch, at.step = at.epoch + 1, 0
        idle = at.epoch - 1 - at.best_epoch
        at.ended = at.epoch >= self.options.epochs or idle >= self.options.patience

    def _save(self) -> None:
        at = self.position
        plain = {name: value for name, value in vars(at).items() if name != "order"}
        values = {
            "weights": self.net.state_dict(), "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(), "scaler": self.scaler.state_dict(),
            "best_weights": self.best_weights, "order": torch.from_numpy(at.order),
            "position": json.dumps(plain), "drawn": json.dumps(self.random.bit_generator.state),
        }  # fmt: skip
        save(self.path, self.identity, values)
        self._saved = at.seconds

    def _resume(self, found: dict[str, Any]) -> None:
        self.net.load_state_dict(found["weights"])
        self.optimiser.load_state_dict(found["optimiser"])
        self.scheduler.load_state_dict(found["scheduler"])
        self.scaler.load_state_dict(found["scaler"])
        self.best_weights = found["best_weights"]
        self.random.bit_generator.state = json.loads(found["drawn"])
        self.position = _Position(**json.loads(found["position"]), order=found["order"].numpy())
