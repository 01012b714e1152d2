"""Weighted pooling of score distributions: many short answers become one for a turn, a speaker or a
chunk."""

from collections.abc import Iterable, Sequence

from earshot.analysis.emotion.findings import Emotion
from earshot.analysis.findings import UNCLEAR, Classification, Scores
from earshot.analysis.report.ordinary import OrdinaryVoice
from earshot.analysis.report.sections import EmotionSummary
from earshot.analysis.shares import rounded_shares

PLACES = 4
"""Means are rounded so that the same input gives the same bytes on every machine."""


def mean_scores(parts: Iterable[tuple[Scores, float]]) -> Scores:
    """Weighted mean of score distributions, rounded to sum to 1; empty without any weight. An
    absent label counts as 0."""
    totals: dict[str, float] = {}
    for scores, weight in parts:
        for label, score in scores.items():
            totals[label] = totals.get(label, 0.0) + max(weight, 0) * score
    return rounded_shares(totals) if any(totals.values()) else {}


def classify(parts: Iterable[tuple[Scores, float]]) -> Classification | None:
    """The winning label of the weighted mean; None without any parts. Ties go to the label named
    first."""
    scores = mean_scores(parts)
    if not scores:
        return None
    label = max(scores, key=lambda name: scores[name])
    return Classification(label=label, confidence=scores[label], scores=scores)


def pool_emotions(
    parts: Sequence[tuple[Emotion, float]], voice: OrdinaryVoice | None = None
) -> EmotionSummary | None:
    """Emotion over several utterances, weighted by the length of each within the stretch (C-11);
    None without any.

    Args:
        voice: judges the utterances of one person against how that voice sounds on the whole.
            Without it, the winner is one of the labels that won at least one utterance, because
            only for those is the canonical label of the model's own one known.
    """
    weighted = [(emotion, weight) for emotion, weight in parts if weight > 0]
    if not weighted:
        return None
    if voice:
        scores = mean_scores((voice.judged(each.scores), weight) for each, weight in weighted)
        native = max(scores, key=lambda name: scores[name])
        speech_ms = sum(weight for _, weight in weighted)
        label, confidence = voice.judging.canonical[native], scores[native]
        abstained = not voice.judging.is_answer(label, confidence, speech_ms)
        if abstained:
            label = UNCLEAR
    else:
        scores = mean_scores((emotion.scores, weight) for emotion, weight in weighted)
        answered = [emotion for emotion, _ in weighted if not emotion.abstained]
        shares = {
            (emotion.label, emotion.label_native): _share(scores, emotion)
            for emotion in answered or [emotion for emotion, _ in weighted]
        }
        label, native = max(shares, key=lambda pair: shares[pair])
        confidence, abstained = shares[label, native], not answered
    return EmotionSummary(
        label=label,
        label_native=native,
        confidence=confidence,
        scores=scores,
        abstained=abstained,
        valence=_mean([(emotion.valence, weight) for emotion, weight in weighted]),
        arousal=_mean([(emotion.arousal, weight) for emotion, weight in weighted]),
        dominance=_mean([(emotion.dominance, weight) for emotion, weight in weighted]),
    )


def _share(scores: Scores, emotion: Emotion) -> float:
    return scores.get(emotion.label_native, scores.get(emotion.label, 0.0))


def _mean(parts: Iterable[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in parts if value is not None]
    total = sum(weight for _, weight in known)
    return round(sum(value * weight for value, weight in known) / total, PLACES) if total else None
