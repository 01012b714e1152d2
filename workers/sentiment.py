"""Acoustic sentiment of each utterance, under the model of the speaker's role (002-20)."""

from collections.abc import Sequence

import numpy as np

from earshot.analysis.findings import RoleScores, SentimentFindings
from earshot.analysis.outcome import NO_SPEECH, Skipped
from earshot.analysis.report.voices import sentiment_of
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.audio.features.utterance import describe
from earshot.models.runtimes import open_release
from earshot.models.scoring import rounded
from earshot.models.sentiment import SentimentModel
from earshot.settings import settings

FINDINGS = SentimentFindings


def load(release: Release, device: str) -> SentimentModel:
    """Opens the checkpoint; always on the CPU.

    Raises:
        Misconfigured: as ``open_release``, or the checkpoint was trained on other features than
            this version computes.
    """
    model: SentimentModel = open_release(release, device, settings())
    return model


def analyze(model: SentimentModel, clips: Sequence[Clip]) -> list[SentimentFindings | Skipped]:
    """Sentiment of every utterance by its channel's role, by all roles if channels have none;
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
    found = tuple(
        RoleScores(
            **utterance.model_dump(),
            role=role,
            scores=rounded(model.onnx.labels, shares[role][i]),
            answered_from=model.answered_from[role],
        )
        for i, utterance in enumerate(speech)
        for role in _roles(clip.ref.roles, utterance.channel, tuple(shares))
    )
    overall = sentiment_of((one, max(one.end_ms - one.start_ms, 1)) for one in found)
    if overall is None:
        raise ValueError("the checkpoint has no roles")
    return SentimentFindings(utterances=found, overall=overall)


def _roles(roles: tuple[str, ...], channel: int, known: tuple[str, ...]) -> tuple[str, ...]:
    """The channel's own role, or every role of the checkpoint if it has none of these."""
    return (roles[channel],) if roles and roles[channel] in known else known
