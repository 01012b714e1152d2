"""Voices: the network and the data of the speaker recipe, in the loop that can be resumed."""

import io
import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.level import levelled
from earshot.audio.features.spectra import log_mel
from earshot.models.checkpoints.export import redescribe
from earshot.models.metadata import SpeakerMetadata
from training.data.datasets import RATE, Example
from training.recipes.speaker.data import LEVEL, SPEC, SPEEDS, crops, harder
from training.recipes.speaker.judged import best_threshold, error_rate
from training.recipes.speaker.net import SIZE, MarginLoss, SpeakerNet
from training.recipes.speaker.train import FRAMES, export, opened
from training.trainers.data.features import Arrays, Extractor, Floats, features
from training.trainers.data.recordings import Recording
from training.trainers.exports import into
from training.trainers.lesson import Judged
from training.trainers.loop import Loop
from training.trainers.machine import deterministic
from training.trainers.models.conversations import check_speech, conversations
from training.trainers.options import Options
from training.trainers.trained import Model
from training.trainers.trainer import Job, Product
from training.trainers.whole_files import replace, replace_text

CHECKPOINT, BEST = "speaker.onnx", "best_model.pth"
MARGIN, RAMP = 0.15, 2.0
"""As the recipe: the margin grows to its whole over the first half."""
CROP, CROPS = 148, 4
"""Frames of the stretches that are compared, as long as a worker's window, and their number in a
recording."""
FEWEST = 3
"""Speakers of a part: conversations of validation's choose the threshold."""


class _Margin(nn.Module):
    """The network with the centres of the voices that it is trained on."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.net, self.margin = SpeakerNet(), MarginLoss(classes)


class _Lesson:
    """Random stretches of voices; every speed of every speaker is a voice."""

    def __init__(
        self, power: Sequence[Floats], voice: Sequence[int], val: Sequence[tuple[str, Floats]]
    ) -> None:
        """Creates a lesson.

        Args:
            power: of recordings at every speed, each of shape (frames, bands); ``voice`` of each.
            val: speaker and power of recordings of other speakers.
        """
        self.power, self.voice, self.val = list(power), np.asarray(voice), list(val)
        stretches = [max(1, len(each) // int(np.mean(FRAMES))) for each in self.power]
        self.stretches = np.repeat(np.arange(len(self.power)), stretches)
        """A recording once for each stretch that fits in it: an epoch passes over all sound."""

    def order(self, random: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
        return random.permutation(self.stretches)

    def batch(
        self, items: np.ndarray[Any, np.dtype[np.int64]], random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        frames = int(random.integers(*FRAMES))
        others = crops(self.power, random.integers(0, len(self.power), len(items)), frames, random)
        inputs = harder(crops(self.power, items, frames, random), others, random)
        return torch.from_numpy(inputs), torch.from_numpy(self.voice[items])

    def loss(
        self, net: nn.Module, inputs: Tensor, targets: Tensor, part: float
    ) -> tuple[Tensor, int]:
        found = net.net(inputs)
        loss = net.margin(found, targets, margin=MARGIN * min(1.0, RAMP * part))
        centres = nn.functional.normalize(net.margin.centres, dim=1)
        return loss, int(((found @ centres.T).argmax(dim=1) == targets).sum())

    def judged(self, net: nn.Module) -> Judged:
        """Equal error rate of pairs of stretches, in place of the loss."""
        device = next(net.parameters()).device
        rows, recording = [], []
        for i, (_, power) in enumerate(self.val):
            for cut in _stretches(power):
                rows.append(np.log(cut + SPEC.offset))
                recording.append(i)
        net.eval()
        with torch.no_grad():
            stack = torch.from_numpy(np.stack(rows).astype(np.float32)).to(device)
            found = torch.cat([net.net(part) for part in stack.split(64)]).cpu().numpy()
        where = np.array(recording)
        names = [name for name, _ in self.val]
        speaker = np.unique(names, return_inverse=True)[1][where]
        # Stretches of one recording share more than the voice: only where there is nothing else.
        utterance = where if len(set(names)) < len(names) else np.arange(len(where))
        rate = error_rate(found, utterance, speaker)
        return Judged(rate, 1 - rate, 1 - rate)


class VoicesTrainer:
    """``earshot train voices``: the label of a recording is its speaker."""

    model: Model = "voices"
    analysis = "diarization"
    runtime = "onnx"
    by_speaker = True

    def known(self, options: Options) -> tuple[str, ...]:
        return ()

    def generated(self, options: Options) -> frozenset[str]:
        return frozenset()

    def features(self, options: Options) -> dict[str, Any]:
        return {"mel": asdict(SPEC), "level": LEVEL, "speeds": list(SPEEDS), "size": SIZE}

    def train(self, job: Job) -> Product:
        options, sides = job.options, job.split
        for name, side in (("training", sides.train), ("validation", sides.val)):
            if len({each.group for each in side}) < FEWEST:
                raise Misconfigured(
                    "data", f"{name} has fewer than {FEWEST} speakers; add recordings of others"
                )
        check_speech((*sides.val, *sides.holdout), job.watch)
        extractor = Extractor(self.features(options), _powers, RATE, options.longest)
        recordings = (*sides.train, *sides.val)
        found = features(recordings, extractor, job.cache, options.workers, job.watch)
        count = len(sides.train)
        deterministic(options.seed, options.threads)
        speakers = sorted({each.group for each in sides.train})
        power, voice = [], []
        for each, arrays in zip(sides.train, found[:count], strict=True):
            for i in range(len(SPEEDS)):
                power.append(np.exp(arrays[f"speed{i}"].astype(np.float32)))
                voice.append(speakers.index(each.group) * len(SPEEDS) + i)
        val = [
            (each.group, np.exp(arrays["speed0"].astype(np.float32)))
            for each, arrays in zip(sides.val, found[count:], strict=True)
        ]
        names = [name for name, _ in val]
        if len(set(names)) == len(names) and all(len(_stretches(power)) < 2 for _, power in val):
            raise Misconfigured(
                "data",
                "validation needs a speaker with two recordings, or recordings of 3 s and more",
            )
        net = _Margin(len(speakers) * len(SPEEDS))
        if job.start is not None:
            _warm(net.net, job.start.path.with_name(BEST))
        lesson = _Lesson(power, voice, val)
        fitted = Loop(net, lesson, options, job.state, job.identity).run(job.watch)
        with job.watch.stage("choosing the threshold"):
            _write(job.out, net.net, sides.val)
        history = job.out / "training_history.json"
        replace_text(history, json.dumps(fitted.history, indent=1) + "\n")
        best = fitted.history["val_loss"][fitted.best_epoch]
        metrics = {"val_eer": best, "speakers": float(len(speakers))}
        return Product(CHECKPOINT, (), metrics, fitted.seconds)

    def holdout(self, recordings: Sequence[Recording], out: Path) -> str:
        """Conversations of two speakers each, since single voices measure nothing: sound and
        reference in ``holdout/``, and the rows of their manifest."""
        return conversations(recordings, out / "holdout")


def _powers(sound: Floats, random: np.random.Generator) -> Arrays:
    """Log-mel frames at every speed."""
    from earshot.audio.features.augment import speed

    played = [sound if factor == 1.0 else speed(sound, factor) for factor in SPEEDS]
    return {
        f"speed{i}": log_mel(levelled(each, LEVEL), RATE, SPEC).astype(np.float16)
        for i, each in enumerate(played)
    }


def _write(out: Path, net: SpeakerNet, val: Sequence[Recording]) -> None:
    buffer = io.BytesIO()
    torch.save(net.state_dict(), buffer)
    replace(out / BEST, buffer.getvalue())
    held = [Example(each.path, "own", "", each.group) for each in val]
    with into(out / CHECKPOINT) as path:
        export(net, path, threshold=0.0)
        redescribe(path, SpeakerMetadata, threshold=best_threshold(opened(path), held))


def _stretches(power: Floats) -> list[Floats]:
    """``CROPS`` stretches at most that do not overlap; a short recording is repeated to one."""
    apart = max(CROP, (len(power) - CROP) // (CROPS - 1))
    starts = range(0, max(len(power) - CROP, 0) + 1, apart)[:CROPS]
    return [np.resize(power[start : start + CROP], (CROP, power.shape[1])) for start in starts]


def _warm(net: SpeakerNet, path: Path) -> None:
    try:
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise Misconfigured(
            "base", f"{path} is no network of `earshot train voices`; name the folder of one"
        ) from error
