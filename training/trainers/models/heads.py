"""Heads of scene and noise on the frozen network of the embedded checkpoints, fitted in seconds as
the embedded ones are."""

import functools
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import SCENES
from earshot.audio.features import augment
from earshot.audio.features.windows import windows
from earshot.models.calibration import calibrate, pooled
from earshot.models.checkpoints.export import window_metadata
from earshot.noise.nets import Standardised
from earshot.noise.network import TRAINED
from training.data.datasets import RATE, indices, waveform
from training.data.lines import line
from training.fitting.heads import answers, head
from training.recipes.noise.windows import SPEC, altered, audible
from training.recipes.trunk.student_net import embedded, named, with_trunk
from training.trainers import base
from training.trainers.base import Start
from training.trainers.data.features import Arrays, Extractor, Floats, features
from training.trainers.data.recordings import Recording
from training.trainers.exports import write_onnx
from training.trainers.extended import kept
from training.trainers.machine import deterministic
from training.trainers.models.windowed import judged
from training.trainers.options import Options
from training.trainers.trained import Model
from training.trainers.trainer import Job, Labelled, Product

COPIES = 3
"""Altered copies of a recording, every second over a telephone codec."""
SILENT_PIECES = 24
SILENCE = "silence"


class Head(Labelled):
    """Fits a linear layer on the features of a trunk: those of ``--base``, or of the embedded
    checkpoint."""

    analysis = "noise"
    runtime = "onnx"
    checkpoint, output = "noise.onnx", "noise_logits"
    labels: tuple[str, ...] = ()
    rare = 1.0
    """Weight of rare labels, as of ``training.fitting.heads.head``."""
    version: str | None = None

    def known(self, options: Options) -> tuple[str, ...]:
        return options.labels or self.labels

    def generated(self, options: Options) -> frozenset[str]:
        """Silence, where it is a label: without it a head takes the quiet of a line for a sound."""
        return frozenset({SILENCE}).intersection(self.known(options))

    def features(self, options: Options) -> dict[str, Any]:
        return {
            "window": asdict(SPEC),
            "trunk": self._start(options).base.sha256,
            "copies": COPIES if options.augment else 0,
        }

    def train(self, job: Job) -> Product:
        options, start = job.options, job.start or self._start(job.options)
        deterministic(options.seed, options.threads)
        try:
            trunk = with_trunk(start.path)
        except (KeyError, ValueError) as error:
            raise Misconfigured(
                "base", f"{start.path} is no head on the project's trunk"
            ) from error
        extractor = Extractor(
            self.features(options),
            lambda sound, random: _embeddings(trunk, sound, random, options.augment),
            RATE,
            options.longest,
        )
        recordings = (*job.split.train, *job.split.val)
        found = features(recordings, extractor, job.cache, options.workers, job.watch)
        count = len(job.split.train)
        with job.watch.stage("fitting the head"):
            layer = self._fitted(trunk, job, found[:count])
        if not options.extend and self._is_embedded(trunk):
            start = replace(start, base=start.base.model_copy(update={"part": "trunk"}))
        with job.watch.stage("exporting"):
            return self._written(job, start, named(trunk, layer), layer, found[count:])

    def _start(self, options: Options) -> Start:
        if options.base is not None:
            return base.start(options.base, self.analysis)
        return base.embedded(self.checkpoint)

    def _is_embedded(self, trunk: Standardised) -> bool:
        """Whether what is below the head is that of the checkpoint that comes with the project."""
        theirs = with_trunk(base.embedded(self.checkpoint).path).net.body.state_dict()
        mine = trunk.net.body.state_dict()
        return all(torch.equal(each, theirs[name]) for name, each in mine.items())

    def _fitted(self, trunk: Standardised, job: Job, found: Sequence[Arrays]) -> nn.Linear:
        labels = job.labels
        inputs = [np.concatenate([each["plain"], each["altered"]]) for each in found]
        truth = np.repeat(
            indices(labels, [each.label for each in job.split.train]),
            [len(each) for each in inputs],
        )
        if SILENCE in self.generated(job.options):
            quiet = embedded(trunk, silent_windows())
            inputs.append(quiet)
            truth = np.append(truth, np.full(len(quiet), labels.index(SILENCE)))
        wanted = np.eye(len(labels), dtype=np.float32)[truth]
        return head(np.concatenate(inputs).astype(np.float32), wanted, self.rare)

    def _written(
        self,
        job: Job,
        start: Start,
        net: Standardised,
        layer: nn.Linear,
        found: Sequence[Arrays],
    ) -> Product:
        labels = job.labels
        plain = [each["plain"] for each in found]
        logits = answers(layer, np.concatenate(plain))
        owner = np.repeat(np.arange(len(plain)), [len(each) for each in plain])
        truth = indices(labels, [each.label for each in job.split.val])
        temperature = calibrate(truth, logits, owner)
        figures = judged(pooled(logits, owner, len(truth), temperature), truth)
        bands = np.zeros(SPEC.mel.n_mels, np.float32)
        metadata = window_metadata(
            labels, SPEC, bands, bands + 1, temperature, architecture="head on the trunk"
        )
        if self.version:
            metadata = metadata.model_copy(update={"model_version": self.version})
        example = np.random.default_rng(0).normal(-3, 2, (4, SPEC.length, SPEC.mel.n_mels))
        path = job.out / self.checkpoint
        write_onnx(net, path, example.astype(np.float32), ("log_mel", self.output), metadata)
        labels = kept(
            job, path, start, labels, self.known(job.options), lambda: _windows(job.split.val)
        )
        metrics = {
            "val_loss": figures.loss, "val_acc": figures.accuracy, "val_uar": figures.uar,
            "recordings": float(len(truth)),
        }  # fmt: skip
        return Product(self.checkpoint, labels, metrics, job.watch.seconds, start)


class NoiseHead(Head):
    """The default of ``earshot train noise``."""

    version = TRAINED


class SceneTrainer(Head):
    """``earshot train scene``."""

    model: Model = "scene"
    analysis = "scene"
    checkpoint, output = "scene.onnx", "scene_logits"
    labels = SCENES
    rare = 0.5

    def known(self, options: Options) -> tuple[str, ...]:
        return self.labels


@functools.cache
def silent_windows() -> Floats:
    """Windows of near silence."""
    return np.concatenate([windows(each, RATE, SPEC) for each in silent_sounds()])


def silent_sounds() -> list[Floats]:
    """Near silence of all colours, 2 s each."""
    random = np.random.default_rng(0)
    return [
        augment.coloured(
            random, 2 * RATE, random.choice([-1.0, 0.0, 1.0, 2.0]), 10 ** random.uniform(-4.5, -3.3)
        )
        for _ in range(SILENT_PIECES)
    ]


def _embeddings(
    trunk: Standardised, sound: Floats, random: np.random.Generator, augmented: bool
) -> Arrays:
    """The trunk's outputs for the audible windows of a recording, and of altered copies."""
    copies = []
    for i in range(COPIES if augmented else 0):
        copy = altered(sound, random)
        copies.append(audible(line(copy, random) if i % 2 else copy))
    plain = embedded(trunk, audible(sound)).astype(np.float16)
    more = embedded(trunk, np.concatenate(copies)).astype(np.float16) if copies else plain[:0]
    return {"plain": plain, "altered": more}


def _windows(recordings: Sequence[Recording]) -> Floats:
    """The audible windows of recordings."""
    return np.concatenate([audible(waveform(each.path)) for each in recordings])
