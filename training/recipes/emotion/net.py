"""Input and training recipe of the emotion network."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from earshot.audio.features.spectra import MelSpec
from earshot.audio.features.windows import WindowSpec
from earshot.models.checkpoints.export import describe, export_torch, window_metadata
from training.data.takes import statistics
from training.fitting.crossval import Floats, Ints
from training.fitting.fit import Recipe, fit, logits
from training.fitting.nested import Mask
from training.fitting.nets import EmotionNet
from training.recipes.emotion.data import EmotionalSpeech

LABELS = ("happy", "sad", "angry", "surprised", "neutral")  # 001-01, in this order
SPEC = WindowSpec(  # 001-02, 001-29, C-09: 64 x 100, hop 160, 2048-point transform
    mel=MelSpec(
        n_fft=2048,
        window=2048,
        hop=160,
        n_mels=64,
        fmin=20,
        fmax=8000,
        offset=1e-5,
        power=2,
        centre=True,
    ),
    length=100,
    hop=50,
    layout="mel_time",
    level=0.05,
)
RECIPE = Recipe(
    epochs=20,
    batch=64,
    rate=3e-3,
    smoothing=0.1,
    bands_masked=10,
    frames_masked=20,
    time_axis=2,
    mixup=0.2,
)


TAKES = 4
"""Number of takes used of each utterance, from the first of ``emotional_speech.takes``: up to the
telephone."""

DROPOUT = 0.1
"""With twice as much the network does not even fit its training data: a UAR of 0.55 on the training
speakers."""

LINE, SHIFT = 0.2, 1
"""Of ``training.data.takes``: 2 dB in each of level, tilt and bends, and a band up or down. More
degrades the result, as more dropout does."""

EACH_EPOCH = 3
"""Takes of an utterance used in an epoch, where its emotion is the most common."""


@dataclass(frozen=True)
class Trained:
    """A network for the five labels with the normalisation of its windows."""

    net: EmotionNet
    mean: Floats
    std: Floats

    def logits(self, inputs: Floats) -> Floats:
        return logits(self.net, self.normalised(inputs))

    def save(self, path: Path, temperature: float) -> None:
        """Exports the network with the metadata for workers."""
        example = (
            np.random.default_rng(0)
            .standard_normal((8, SPEC.mel.n_mels, SPEC.length))
            .astype(np.float32)
        )
        export_torch(self.net, path, example, ("log_mel_spectrogram", "emotion_logits"))
        describe(path, window_metadata(LABELS, SPEC, self.mean, self.std, temperature))

    def normalised(self, inputs: Floats) -> Floats:
        """Scales bands to mean 0 and deviation 1."""
        return ((inputs - self.mean[:, None]) / self.std[:, None]).astype(np.float32)


def train(speech: EmotionalSpeech, usable: Mask) -> Trained:
    """Fits on the sounds of a mask. Every kind of emotion has the same weight: takes of rare ones
    are drawn more often."""
    import torch

    number = np.arange(len(speech.owner)) - np.searchsorted(
        speech.owner, speech.owner
    )  # of each take among its sound's
    taken = np.flatnonzero(usable[speech.owner] & (number < TAKES))
    mean, std = statistics(speech.takes.of(taken))
    kinds = speech.kind[usable & (speech.kind >= 0)]
    drawn = taken[
        evenly(speech.kind[speech.owner[taken]], EACH_EPOCH * int(np.bincount(kinds).max()))
    ]
    random = np.random.default_rng(RECIPE.seed)
    takes = replace(
        speech.takes.of(drawn), mean=mean, std=std, line=LINE, shift=SHIFT, random=random
    )
    torch.manual_seed(RECIPE.seed)
    net = EmotionNet(int(speech.kind.max()) + 1, dropout=DROPOUT)
    fit(net, takes, wanted(speech)[speech.owner[drawn]], RECIPE)
    return Trained(narrowed(net), mean, std)


def evenly(kind: Ints, size: int) -> Ints:
    """Positions in which every kind of emotion occurs ``size`` times, and no speech (-1) a quarter
    as often."""
    random = np.random.default_rng(RECIPE.seed)
    parts = [
        np.resize(random.permutation(np.flatnonzero(kind == k)), size)
        for k in np.unique(kind[kind >= 0])
    ]
    return np.concatenate([*parts, np.resize(np.flatnonzero(kind < 0), size // 4)])


def wanted(speech: EmotionalSpeech) -> Floats:
    """Target shares of each sound; sounds without speech have a uniform target (Hendrycks et al.
    2019, Deep Anomaly Detection with Outlier Exposure)."""
    count = int(speech.kind.max()) + 1
    shares = np.eye(count, dtype=np.float32)[speech.kind]
    shares[speech.kind < 0] = 1 / count
    return shares


def narrowed(net: EmotionNet) -> EmotionNet:
    """The network without the outputs of other emotions: shares of its labels are then conditional
    on one of them."""
    import torch

    last = torch.nn.Linear(net.fc.in_features, len(LABELS))
    last.load_state_dict(
        {name: value[: len(LABELS)] for name, value in net.fc.state_dict().items()}
    )
    net.fc = last
    return net
