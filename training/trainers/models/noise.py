"""Noise: a head on the embedded network, or an EfficientNet of [004] trained as a whole."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earshot.analysis.errors import Misconfigured
from earshot.analysis.noise_labels import CLASSIFIED
from earshot.audio.features.windows import spectrogram
from earshot.models.calibration import pooled
from earshot.noise import exports, network
from earshot.noise.config import AudioFeatureConfig, ModelConfig
from earshot.noise.network import Network
from training.data import lines
from training.data.datasets import RATE
from training.recipes.noise.windows import altered
from training.trainers.data.features import Arrays, Extractor, Floats, features
from training.trainers.data.recordings import Recording
from training.trainers.exports import into
from training.trainers.extended import kept
from training.trainers.loop import Fitted, Loop
from training.trainers.machine import deterministic
from training.trainers.models.heads import COPIES, SILENCE, NoiseHead, silent_sounds
from training.trainers.models.windowed import WindowLesson, judged, material, packed
from training.trainers.options import Options
from training.trainers.trained import Model
from training.trainers.trainer import Job, Labelled, Product
from training.trainers.whole_files import replace_text

FEATURES = AudioFeatureConfig(sample_rate=RATE, n_fft=1024, hop_length=171)
"""Workers have sound at 16 kHz: a window of 1.365 s, as 128 frames are at 48 kHz."""
CHECKPOINT, BEST = "noise.onnx", "best_model.pth"


class NoiseTrainer(Labelled):
    """Writes ``noise.onnx``; of a whole network also ``best_model.pth``. Both open as the
    ``model_path`` of ``earshot.noise``."""

    model: Model = "noise"
    analysis = "noise"
    runtime = "onnx"

    def __init__(self) -> None:
        self.head = NoiseHead()
        self.head.labels = CLASSIFIED

    def known(self, options: Options) -> tuple[str, ...]:
        return self.head.known(options)

    def generated(self, options: Options) -> frozenset[str]:
        return self.head.generated(options)

    def features(self, options: Options) -> dict[str, Any]:
        if _of_head(options):
            return self.head.features(options)
        return {"window": asdict(FEATURES.window()), "copies": COPIES if options.augment else 0}

    def train(self, job: Job) -> Product:
        if _of_head(job.options):
            return self.head.train(job)
        options, spec = job.options, FEATURES.window()
        extractor = Extractor(
            self.features(options),
            lambda sound, random: _takes(sound, random, options.augment),
            RATE,
            options.longest,
        )
        recordings = (*job.split.train, *job.split.val)
        found = features(recordings, extractor, job.cache, options.workers, job.watch)
        rows, count = list(zip(recordings, found, strict=True)), len(job.split.train)
        silent = _silent() if SILENCE in self.generated(options) else []
        deterministic(options.seed, options.threads)
        learner, normalisation = _begun(job)
        lesson = WindowLesson(
            material([*rows[:count], *silent], rows[count:], job.labels, spec, normalisation),
            options.augment,
        )
        # The material is normalised already; the exported network does that itself.
        loop = Loop(learner.module.net, lesson, options, job.state, job.identity)
        fitted = loop.run(job.watch)
        with job.watch.stage("exporting"):
            return _written(job, learner, lesson, fitted)


def _of_head(options: Options) -> bool:
    return options.architecture in ("default", "head")


def _begun(job: Job) -> tuple[Network, tuple[Floats, Floats] | None]:
    """The network to train, and the normalisation of the base, where one is given."""
    config = ModelConfig(num_classes=len(job.labels), architecture=job.options.architecture)
    made = network.untrained(config, FEATURES, job.labels)
    if job.start is None:
        return made, None
    path = job.start.path.with_name(BEST)
    try:
        former = network.load(path)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            "base", f"{path} is no network of `earshot train noise`; name the folder of one"
        ) from error
    theirs, mine = former.module.net.state_dict(), made.module.net.state_dict()
    if theirs.keys() != mine.keys():
        raise Misconfigured("base", f"{job.start.path} is of another architecture")
    same = {
        name: v
        for name, v in theirs.items()
        if former.labels == job.labels or not name.startswith("fc.")
    }
    made.module.net.load_state_dict(mine | same)
    made.first_weights = job.start.base.name
    return made, (former.module.mean[:, 0].numpy(), former.module.std[:, 0].numpy())


def _takes(sound: Floats, random: np.random.Generator, augmented: bool) -> Arrays:
    takes = [sound]
    for i in range(COPIES if augmented else 0):
        copy = altered(sound, random)
        takes.append(lines.line(copy, random) if i % 2 else copy)
    return packed([spectrogram(take, RATE, FEATURES.window()) for take in takes])


def _silent() -> list[tuple[Recording, Arrays]]:
    sounds = [packed([spectrogram(each, RATE, FEATURES.window())]) for each in silent_sounds()]
    quiet = Recording(Path(SILENCE), SILENCE, SILENCE, digest="", group=SILENCE, key=SILENCE)
    return [(quiet, each) for each in sounds]


def _written(job: Job, learner: Network, lesson: WindowLesson, fitted: Fitted) -> Product:
    found = lesson.material
    inner = learner.module.net
    temperature = lesson.temperature(inner)
    shares = pooled(lesson.logits(inner), found.judged_owner, len(found.judged_truth), temperature)
    learner.module.mean.copy_(torch.from_numpy(found.mean)[:, None])
    learner.module.std.copy_(torch.from_numpy(found.std)[:, None])
    learner.version, learner.temperature = network.TRAINED, temperature
    with into(job.out / BEST) as path:
        network.save(learner, path)
    with into(job.out / CHECKPOINT) as path:
        exports.write(learner, path, "onnx")
    windows = found.judged * found.std[:, None] + found.mean[:, None]
    labels = kept(job, job.out / CHECKPOINT, job.start, job.labels, CLASSIFIED, lambda: windows)
    replace_text(job.out / "training_history.json", json.dumps(fitted.history, indent=1) + "\n")
    figures = judged(shares, found.judged_truth)
    metrics = {
        "val_loss": figures.loss, "val_acc": figures.accuracy, "val_uar": figures.uar,
        "recordings": float(len(found.judged_truth)), "best_epoch": float(fitted.best_epoch + 1),
    }  # fmt: skip
    return Product(CHECKPOINT, labels, metrics, fitted.seconds)
