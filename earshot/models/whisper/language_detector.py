"""Detects the language of speech with Whisper base, by the first prediction of its decoder; the
weights come with two installed packages.

Radford et al. 2022, Robust speech recognition via large-scale weak supervision.
"""

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from earshot.analysis.types import Release
from earshot.audio.features.level import levelled
from earshot.audio.features.spectra import MelSpec, log_mel
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.metadata import Finite, OutsideWeights, Positive
from earshot.models.onnx_model import OnnxModel
from earshot.models.options import Options
from earshot.models.outside_weights import open_packaged
from earshot.models.scoring import softmax

GRAPH = "spoken_language"
LEAST = 1e-6
"""Least share of a language, so that odds are finite."""


class DetectorMetadata(OutsideWeights):
    """A network that detects the language, whose weights are in packages; its labels are codes of
    languages."""

    mel: MelSpec
    mel_level: Positive
    """RMS that a stretch is brought to."""
    silence_sec: Annotated[float, Field(ge=0)]
    """Appended to a stretch."""
    joined: tuple[Finite, Finite, Finite]
    """Factor of the log odds of a recogniser's head, factor of its own, and what is added."""
    most: Positive
    """Maximum of the log odds of one stretch, either way."""


class Detected(NamedTuple):
    """The language of one stretch, by the detector alone."""

    log_odds: float
    """Natural log odds of any other language than the expected one."""
    language: str
    """The likeliest other one: Whisper's code."""
    share: float
    """Of that language among all."""


def log_odds(share: Samples) -> Samples:
    """Natural log odds of all other languages, from the share of the expected one."""
    own = np.clip(share.astype(np.float64), LEAST, 1 - LEAST)
    odds: Samples = np.log1p(-own) - np.log(own)
    return odds


class LanguageDetector:
    """The network, and how its answer counts beside that of a recogniser's own head."""

    longest_ms = 10_000
    """Of a longer stretch the beginning is enough."""

    def __init__(self, onnx: OnnxModel, about: DetectorMetadata) -> None:
        self._onnx, self._about = onnx, about
        self.languages = about.labels

    def shares(self, samples: Samples) -> Samples:
        """Share of each of ``languages``, shape (languages,).

        The window is as long as the stretch and a little silence, not half a minute: what it costs
        grows with it.

        Args:
            samples: 16 kHz mono, not empty.
        """
        begin = samples[: self.longest_ms * SAMPLE_RATE // 1000]
        silence = np.zeros(round(self._about.silence_sec * SAMPLE_RATE), np.float32)
        sound = np.concatenate([levelled(begin, self._about.mel_level), silence])
        mel = log_mel(sound, SAMPLE_RATE, self._about.mel)[:-1]  # Whisper drops the last frame
        (logits,) = self._onnx.session.run(None, {"log_mel": mel})
        return softmax(logits[0], 1.0)

    def detect(self, samples: Samples, expected: str) -> Detected:
        """The language of a stretch; arguments as of ``shares``.

        Args:
            expected: one of ``languages``.
        """
        shares = self.shares(samples)
        place = self.languages.index(expected)
        odds = float(log_odds(shares[place]))
        shares[place] = 0.0
        likeliest = int(shares.argmax())
        return Detected(odds, self.languages[likeliest], float(shares[likeliest]))

    def beside(self, head: float, detected: Detected) -> float:
        """Natural log odds of another language, by a recogniser's head and by the detector
        together."""
        own, other, bias = self._about.joined
        found = own * head + other * detected.log_odds + bias
        return float(np.clip(found, -self._about.most, self._about.most))


def open_detector(release: Release, device: str, options: Options) -> LanguageDetector:
    """The detector of a release; always on the CPU.

    Raises:
        Misconfigured: a package is absent, or of another version.
    """
    return LanguageDetector(*open_packaged(release, GRAPH, DetectorMetadata, options))
