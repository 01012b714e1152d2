"""Judges from what a recogniser computes anyway if speech is in its language: the output of its
encoder, and how sure its decoder was of each token.

A recogniser of one language writes fluent words of it for speech in any other. The checkpoint here
is linear over the mean and deviation of the frozen encoder's output, and the decoder's statistics.
"""

from collections.abc import Sequence

import numpy as np

from earshot.analysis.types import Release
from earshot.compute.sound import Samples
from earshot.models.metadata import LanguageMetadata
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options

DOUBTS = (-1.0, -2.0)
"""Natural logs of the probability of a token below which it counts as doubtful."""


def features(encoded: Samples, logs: Sequence[float], seconds: float) -> Samples:
    """One vector for a stretch: mean and standard deviation of the encoder's output over time, and
    statistics of the decoder: mean, deviation and lowest tenth of the tokens' logs, shares of
    doubtful ones, tokens a second, and the length.

    Args:
        encoded: shape (frames, width).
        logs: natural log of the probability of each token, and of the end behind them.
    """
    sure = np.asarray(logs, np.float64)
    decoder = [
        sure.mean(),
        sure.std(),
        np.quantile(sure, 0.1),
        *((sure < doubt).mean() for doubt in DOUBTS),
        len(logs) / seconds,
        np.log(seconds),
    ]
    return np.concatenate([pooled(encoded), decoder]).astype(np.float32)


def pooled(encoded: Samples) -> Samples:
    """Mean and standard deviation over time of an encoder's output, shape (frames, width)."""
    return np.concatenate([encoded.mean(axis=0), encoded.std(axis=0)])


class SpokenLanguage:
    """The head over one recogniser."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        about = model.metadata(LanguageMetadata)
        self._temperature, self._most = about.temperature, about.most

    def log_odds(self, encoded: Samples, logs: Sequence[float], seconds: float) -> float:
        """Natural log odds that the speech is in another language, both taken to be as likely
        before; arguments as of ``features``."""
        row = features(encoded, logs, seconds)[None]
        (found,) = self._model.run(row).values()
        return float(np.clip(found[0, 0] / self._temperature, -self._most, self._most))


def open_spoken_language(release: Release, device: str, options: Options) -> SpokenLanguage:
    """The head of a release; always on the CPU.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return SpokenLanguage(open_model(release, options))
