"""The emotion classifier of [001]: the 1D CNN on windows of a second, with its files."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.audio.features import augment
from earshot.audio.features.windows import WindowSpec, spectrogram
from earshot.models.calibration import pooled
from earshot.models.checkpoints.export import window_metadata
from evaluation.figures import picture
from training.data import emotional_speech, lines
from training.data.datasets import RATE
from training.fitting.nets import EmotionNet
from training.recipes.emotion.net import LABELS, SPEC
from training.trainers.coreml import convert
from training.trainers.data.features import Arrays, Extractor, Floats, features
from training.trainers.exports import into, write_onnx
from training.trainers.extended import kept
from training.trainers.loop import Fitted, Loop
from training.trainers.machine import deterministic
from training.trainers.models.windowed import WindowLesson, judged, material, packed
from training.trainers.options import Options
from training.trainers.torch_files import read_weights, write_weights
from training.trainers.trained import Model
from training.trainers.trainer import Job, Labelled, Product
from training.trainers.whole_files import replace_text

INPUT, OUTPUT = "log_mel_spectrogram", "emotion_logits"
BEST, ONNX, HISTORY, CONFIG = (
    "best_model.pth", "emotion_classifier.onnx", "training_history.json", "model_config.json",
)  # fmt: skip
MLMODEL, MLPACKAGE = "EmotionClassifier.mlmodel", "EmotionClassifier.mlpackage"
CONFUSION = "confusion_matrix.png"


class EmotionTrainer(Labelled):
    """Writes the six files of [001], and the Core ML package."""

    model: Model = "emotion"
    analysis = "emotion"
    runtime = "onnx"

    def known(self, options: Options) -> tuple[str, ...]:
        return LABELS

    def features(self, options: Options) -> dict[str, Any]:
        takes = ("plain", "slow", "fast", "telephone", "bad line", "codec", "room")
        return {
            "window": asdict(spec_of(options)),
            "trimmed": True,
            "takes": list(takes if options.augment else takes[:1]),
        }

    def train(self, job: Job) -> Product:
        options, spec = job.options, spec_of(job.options)
        extractor = Extractor(
            self.features(options),
            lambda sound, random: _takes(sound, random, spec, options.augment),
            options.sample_rate,
            options.longest,
        )
        recordings = (*job.split.train, *job.split.val)
        found = features(recordings, extractor, job.cache, options.workers, job.watch)
        rows = list(zip(recordings, found, strict=True))
        count = len(job.split.train)
        deterministic(options.seed, options.threads)
        net = EmotionNet(len(job.labels), options.n_mels)
        normalisation = _warmed(net, job, spec)
        lesson = WindowLesson(
            material(rows[:count], rows[count:], job.labels, spec, normalisation), options.augment
        )
        fitted = Loop(net, lesson, options, job.state, job.identity).run(job.watch)
        with job.watch.stage("exporting"):
            return _written(job, net, lesson, fitted)


def spec_of(options: Options) -> WindowSpec:
    """The windows: of the default options those of 001-02 and C-09; else in the same proportions.

    Raises:
        Misconfigured: ``options``, they do not fit together.
    """
    rate = options.sample_rate
    if options.augment and rate != RATE:
        raise Misconfigured("options", f"augmented sound is at {RATE} Hz, not {rate} Hz")
    mel = replace(
        SPEC.mel,
        n_mels=options.n_mels,
        sample_rate=rate,
        hop=rate // 100,
        fmax=min(SPEC.mel.fmax, rate / 2),
    )
    return replace(SPEC, mel=mel, length=options.time_steps, hop=max(options.time_steps // 2, 1))


def _takes(sound: Floats, random: np.random.Generator, spec: WindowSpec, altered: bool) -> Arrays:
    plain = emotional_speech.trimmed(sound)
    takes = [plain]
    if altered:
        takes = [
            *emotional_speech.takes(plain, random),
            lines.line(plain, random),
            augment.in_a_room(plain, random),
        ]
    return packed([spectrogram(take, spec.mel.sample_rate, spec) for take in takes])


def _warmed(net: EmotionNet, job: Job, spec: WindowSpec) -> tuple[Floats, Floats] | None:
    """Copies weights of the base, and returns the normalisation that they were trained with."""
    if job.start is None:
        return None
    found = read_weights(job.start.path)
    if found.spec != spec:
        raise Misconfigured(
            "base", f"{job.start.path} was trained on other windows: {found.spec}, not {spec}"
        )
    found.into(net, job.labels)
    return found.mean, found.std


def _written(job: Job, net: EmotionNet, lesson: WindowLesson, fitted: Fitted) -> Product:
    """Exports the network; every file appears as a whole."""
    found, out = lesson.material, job.out
    temperature = lesson.temperature(net)
    shares = pooled(lesson.logits(net), found.judged_owner, len(found.judged_truth), temperature)
    example = found.judged[:8]
    metadata = window_metadata(
        job.labels, found.spec, found.mean, found.std, temperature, architecture="EmotionNet"
    )
    write_weights(out / BEST, net, metadata)
    write_onnx(net, out / ONNX, example, (INPUT, OUTPUT), metadata)
    labels = kept(job, out / ONNX, job.start, job.labels, LABELS, lambda: found.judged)
    config = {
        "labels": list(job.labels), "input": INPUT, "output": OUTPUT,
        "shape": [1, found.spec.mel.n_mels, found.spec.length],
        "window": asdict(found.spec), "mean": list(metadata.mean), "std": list(metadata.std),
        "temperature": temperature, "parameters": sum(p.numel() for p in net.parameters()),
        "normalisation": "(log_mel - mean) / std, by band, before the model",
    }  # fmt: skip
    convert.write(net, example, (INPUT, OUTPUT), config, out / MLMODEL, out / MLPACKAGE)
    replace_text(out / CONFIG, json.dumps(config, indent=1) + "\n")
    replace_text(out / HISTORY, json.dumps(fitted.history, indent=1) + "\n")
    counts = np.zeros((len(job.labels), len(job.labels)), int)
    np.add.at(counts, (found.judged_truth, shares.argmax(axis=1)), 1)
    with into(out / CONFUSION) as path:
        title = f"{len(found.judged_truth)} recordings of unseen speakers"
        picture.draw(path, title, job.labels, counts.tolist())
    last = judged(shares, found.judged_truth)
    metrics = {
        "val_loss": last.loss, "val_acc": last.accuracy, "val_uar": last.uar,
        "recordings": float(len(found.judged_truth)), "best_epoch": float(fitted.best_epoch + 1),
    }  # fmt: skip
    return Product(ONNX, labels, metrics, fitted.seconds)
