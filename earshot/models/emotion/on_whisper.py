"""Emotion of an utterance by a linear head over the lower layers of Whisper base's encoder, whose
weights come with an installed package.

Radford et al. 2022, Robust speech recognition via large-scale weak supervision; a head over frozen
features of speech as in Yang et al. 2021, SUPERB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from earshot.analysis.emotion.findings import Judging
from earshot.analysis.types import Release
from earshot.audio.features.level import SILENT, centred, levelled, loudness
from earshot.audio.features.spectra import Array, log_mel
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.emotion.labels import canonical
from earshot.models.emotion.model import Shares
from earshot.models.metadata import EmotionHeadMetadata
from earshot.models.onnx_model import OnnxModel
from earshot.models.options import Options
from earshot.models.outside_weights import open_packaged
from earshot.models.scoring import softmax

GRAPH = "emotion_on_whisper"
LONGEST = 4 * SAMPLE_RATE
"""Samples of a part: longer utterances are cut into equal ones. Acted utterances are this long, so
the length of a part gives nothing away."""
SHORTEST = 3 * SAMPLE_RATE // 10
"""Shorter speech, and silence, has the same share for every label: the answer is unclear."""
SECONDS = (0.5, 10.0)
"""Range in which length counts for the temperature; ``CONTRAST_DB`` likewise."""
CONTRAST_DB = (5.0, 40.0)


class Evidence(NamedTuple):
    """What an utterance gives to judge it by."""

    seconds: float
    contrast_db: float
    """Level of its loud frames over its faint ones: little in noise."""

    def terms(self) -> Array:
        """Of the logarithm of the temperature, shape (3,)."""
        seconds = np.clip(self.seconds, *SECONDS)
        contrast = np.clip(self.contrast_db, *CONTRAST_DB)
        return np.array([1.0, np.log(seconds / 2), contrast / 10 - 2], np.float32)


@dataclass(frozen=True)
class EmotionOnWhisper:
    """The network with the input and the calibration that it was trained with."""

    onnx: OnnxModel
    found: EmotionHeadMetadata

    @property
    def labels(self) -> tuple[str, ...]:
        return self.found.labels

    @property
    def judging(self) -> Judging:
        """How utterances of one voice are judged together."""
        return Judging(
            canonical={label: canonical()[label] for label in self.labels},
            ordinary=dict(zip(self.labels, self.found.ordinary, strict=True)),
            ordinary_ms=self.found.ordinary_ms,
            kept=self.found.kept,
            answered_from=self.found.answered_from,
            short=self.found.short,
            short_ms=self.found.short_ms,
        )

    @property
    def neutral_share(self) -> float:
        return self.found.neutral_share

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        """One utterance after the other: a second row gains nothing on a CPU."""
        return [self._shares(samples) for samples in utterances]

    def _shares(self, samples: Samples) -> Shares:
        if len(samples) < SHORTEST or loudness(samples) < SILENT:  # it was trained on neither
            return np.full(len(self.labels), 1 / len(self.labels), np.float32)
        cut = parts(samples, self.found.mel_level)
        mels = [bands(part, self.found) for part in cut]
        (output,) = self.onnx.session.get_outputs()
        logits = [self.onnx.session.run([output.name], {"log_mel": mel})[0][0] for mel in mels]
        terms = evidence(samples, mels).terms()
        temperature = float(np.exp(terms @ np.asarray(self.found.temperature, np.float32)))
        return softmax(np.mean(logits, axis=0, dtype=np.float32), temperature)


def parts(samples: Samples, level: float) -> list[Samples]:
    """An utterance in equal parts of ``LONGEST`` at most, each at the level; short ones padded."""
    count = max(1, -(-len(samples) // LONGEST))
    borders = np.linspace(0, len(samples), count + 1).astype(int)
    samples = centred(samples)
    cut = (samples[start:end] for start, end in pairwise(borders))
    return [np.pad(levelled(part, level), (0, max(0, SHORTEST - len(part)))) for part in cut]


def bands(part: Samples, found: EmotionHeadMetadata) -> Array:
    """Input of the network, shape (frames, bands). Whisper drops the last frame."""
    return log_mel(part, SAMPLE_RATE, found.mel)[:-1]


def evidence(samples: Samples, mels: Sequence[Array]) -> Evidence:
    """Of an utterance and its bands."""
    power = np.concatenate([np.exp(mel).sum(axis=1) for mel in mels])
    low, high = np.percentile(10 * np.log10(power + 1e-9), (10, 90))
    return Evidence(len(samples) / SAMPLE_RATE, float(high - low))


def open_on_whisper(release: Release, device: str, options: Options) -> EmotionOnWhisper:
    """Opens the head; always on the CPU.

    Raises:
        Misconfigured: the package is absent, or of another version.
    """
    return EmotionOnWhisper(*open_packaged(release, GRAPH, EmotionHeadMetadata, options))
