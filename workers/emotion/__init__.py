"""Emotion of each utterance, in labels of the checkpoint and canonical ones (001-01, C-03), and in
dimensions."""

from collections.abc import Sequence

import numpy as np

from earshot.analysis.emotion.findings import Emotion, EmotionFindings, Judging
from earshot.analysis.findings import UNCLEAR, Classification
from earshot.analysis.outcome import NO_SPEECH, Skipped
from earshot.analysis.types import Release, Utterance
from earshot.audio.clip import Clip
from earshot.models.emotion import labels as emotion_labels
from earshot.models.emotion.model import Dimensions, Shares
from earshot.models.scoring import classify
from earshot.settings import settings
from workers.emotion.models import EmotionModels, open_models
from workers.emotion.prior import Prior, prior_of

FINDINGS = EmotionFindings

PLACES = 4


def load(release: Release, device: str) -> EmotionModels:
    """Opens the model of the release, and the one that rates dimensions
    (``EARSHOT_EMOTION_DIMENSIONS``).

    Raises:
        Misconfigured: there is no such runtime, or a checkpoint or package is missing or invalid.
    """
    return open_models(release, device, settings())


def analyze(model: EmotionModels, clips: Sequence[Clip]) -> list[EmotionFindings | Skipped]:
    """Emotion of every utterance, all those of the job together; ``Skipped("no_speech")`` if a clip
    has none."""
    spans = [(clip, utterance) for clip in clips for utterance in clip.ref.speech]
    sounds = [clip.read(span.start_ms, span.end_ms, span.channel)[0] for clip, span in spans]
    shares = iter(model.labelled.shares(sounds))
    rated = iter(
        model.dimensional.dimensions(sounds) if model.dimensional else [None] * len(sounds)
    )
    return [
        _findings(
            model,
            prior_of(model.labelled, clip.ref.neutral),
            [(span, next(shares), next(rated)) for span in clip.ref.speech],
        )
        if clip.ref.speech
        else Skipped(reason=NO_SPEECH)
        for clip in clips
    ]


def _findings(
    model: EmotionModels, prior: Prior, rated: list[tuple[Utterance, Shares, Dimensions | None]]
) -> EmotionFindings:
    labels = model.labelled.labels
    judging = prior.of_voices(model.labelled.judging)
    weights = [max(span.end_ms - span.start_ms, 1) for span, _, _ in rated]
    adjusted = [prior.of(shares) for _, shares, _ in rated]
    pooled = classify(labels, np.average(adjusted, axis=0, weights=weights))
    scores = emotion_labels.gathered(pooled.scores)
    label = max(scores, key=lambda name: scores[name])
    abstained = judging is not None and not judging.is_answer(
        label, pooled.confidence, sum(weights)
    )
    return EmotionFindings(
        utterances=tuple(
            _emotion(labels, span, shares, judging, dimensions)
            for (span, _, dimensions), shares in zip(rated, adjusted, strict=True)
        ),
        overall=Classification(
            label=UNCLEAR if abstained else label,
            confidence=scores[label],
            scores=scores,
            abstained=abstained,
        ),
        coverage=emotion_labels.coverage(labels),
        dimensions_by=model.dimensional_name,
        judging=judging,
    )


def _emotion(
    labels: tuple[str, ...],
    span: Utterance,
    shares: Shares,
    judging: Judging | None,
    rated: Dimensions | None,
) -> Emotion:
    answer = classify(labels, shares)
    label, speech_ms = emotion_labels.canonical()[answer.label], span.end_ms - span.start_ms
    abstained = judging is not None and not judging.is_answer(label, answer.confidence, speech_ms)
    return Emotion(
        **span.model_dump(),
        label=UNCLEAR if abstained else label,
        label_native=answer.label,
        confidence=answer.confidence,
        scores=answer.scores,
        abstained=abstained,
        valence=round(rated.valence, PLACES) if rated else None,
        arousal=round(rated.arousal, PLACES) if rated else None,
        dominance=round(rated.dominance, PLACES) if rated else None,
    )
