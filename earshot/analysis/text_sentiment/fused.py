"""Late fusion: the weighted mean of the distributions of text and voice (C-07)."""

from earshot.analysis.findings import Classification, Scores
from earshot.analysis.report.pooling import PLACES, classify
from earshot.analysis.text_sentiment.rule import FusionRule
from earshot.analysis.text_sentiment.sections import Basis, Fused, TextSentiment

SIGNS = {"negative": -1, "positive": 1}
"""Of labels that can be opposed."""


def fuse_sentiment(
    rule: FusionRule, text: TextSentiment | None, voice: Classification | None
) -> Fused:
    """The fused answer of one stretch of speech. Both distributions are kept."""
    words = text.scores if text and text.status == "scored" else {}
    sound = voice.scores if voice else {}
    alike = bool(words) and set(words) == set(sound)
    sure = bool(words) and max(words.values()) >= rule.least_confidence
    basis: Basis = "voice" if sound else "text" if words else "none"
    if alike and sure:
        basis = "both"
    weight = {"both": rule.text_weight, "text": 1.0}.get(basis, 0.0)
    answer = classify([(words, weight), (sound, 1 - weight)])
    return Fused(
        basis=basis,
        label=answer.label if answer else None,
        confidence=answer.confidence if answer else None,
        scores=answer.scores if answer else {},
        text=words,
        voice=sound,
        disagreement=_distance(words, sound) if alike else None,
        opposed=alike and sure and _sign(words) * _voice_sign(voice) < 0,
    )


def _distance(first: Scores, second: Scores) -> float:
    return round(sum(abs(first[label] - second[label]) for label in first) / 2, PLACES)


def _sign(scores: Scores) -> int:
    return SIGNS.get(max(scores, key=lambda name: scores[name]), 0)


def _voice_sign(voice: Classification | None) -> int:
    return 0 if voice is None or voice.abstained else SIGNS.get(voice.label, 0)
