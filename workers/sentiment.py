"""Acoustic sentiment of each utterance, under the model of the speaker's role (002-20)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import RoleScores, SentimentFindings
from earshot.analysis.outcome import NO_SPEECH, Skipped
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.audio.features.utterance import FEATURES, describe
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.scoring import classify, rounded, softmax

FINDINGS = SentimentFindings

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SentimentModel:
    """Both role models in one checkpoint: output ``customer`` is an SVM, ``agent`` a random forest,
    scalers inside."""

    onnx: OnnxModel
    temperature: dict[str, float]  # by role

    def shares(self, features: Array) -> dict[str, Array]:
        """Role to shares of shape (utterances, labels)."""
        return {
            role: softmax(logits, self.temperature[role])
            for role, logits in self.onnx.run(features).items()
        }


def load(release: Release, device: str) -> SentimentModel:
    """Runs on the CPU whatever the device.

    Raises:
        Misconfigured: as ``open_model``, or the checkpoint was trained on other features than this
            version computes.
    """
    onnx = open_model(release)
    if onnx.metadata.get("features") != FEATURES:
        raise Misconfigured(
            "checkpoint",
            f"{release.name} wants features {onnx.metadata.get('features')}, this version has"
            f" {FEATURES}",
        )
    return SentimentModel(onnx=onnx, temperature=onnx.metadata["temperature"])


def analyze(model: SentimentModel, clips: Sequence[Clip]) -> list[SentimentFindings | Skipped]:
    """Sentiment of every utterance by its channel's role, by all roles where channels have none;
    ``Skipped("no_speech")``."""
    return [
        _sentiments(model, clip) if clip.ref.speech else Skipped(reason=NO_SPEECH) for clip in clips
    ]


def _sentiments(model: SentimentModel, clip: Clip) -> SentimentFindings:
    speech = clip.ref.speech
    features = np.stack(
        [describe(clip.read(u.start_ms, u.end_ms, u.channel)[0], clip.sample_rate) for u in speech]
    )
    shares = model.shares(features)
    found, heard, lengths = [], [], []
    for i, utterance in enumerate(speech):
        for role in _roles(clip.ref.roles, utterance.channel, tuple(shares)):
            scores = rounded(model.onnx.labels, shares[role][i])
            found.append(RoleScores(**utterance.model_dump(), role=role, scores=scores))
            heard.append(shares[role][i])
            lengths.append(max(utterance.end_ms - utterance.start_ms, 1))
    overall = classify(model.onnx.labels, np.average(heard, axis=0, weights=lengths))
    return SentimentFindings(utterances=tuple(found), overall=overall)


def _roles(roles: tuple[str, ...], channel: int, known: tuple[str, ...]) -> tuple[str, ...]:
    """The channel's own role, or every role where it has none that the checkpoint knows."""
    return (roles[channel],) if roles and roles[channel] in known else known
