"""Findings of emotion."""

from math import exp
from typing import Annotated

from pydantic import Field

from earshot.analysis.emotion.six import covered, is_neutral, six
from earshot.analysis.findings import (
    UNCLEAR,
    Classification,
    CoveredClassification,
    Findings,
    Scores,
    Share,
)
from earshot.analysis.types import Frozen, Utterance

SHORTEST_MS = 1_000
"""Speech below which no emotion but neutral is an answer: the classes are those of clips of one to
two seconds (001-01), and hardly any acted utterance that releases learn from is shorter."""


class Emotion(Utterance):
    """Emotion of one utterance. ``label`` is in the canonical vocabulary (C-03); ``label_native``,
    ``confidence`` and ``scores`` are the model's own."""

    label: str
    label_native: str
    """Label of the top share, also where ``abstained``."""
    confidence: Share
    scores: Scores
    abstained: bool = False
    """As in ``Classification``."""
    valence: Annotated[float, Field(ge=-1, le=1)] | None = None
    arousal: Annotated[float, Field(ge=-1, le=1)] | None = None
    dominance: Annotated[float, Field(ge=-1, le=1)] | None = None


class Judging(Frozen):
    """How a release has the utterances of one voice judged together: against how this voice sounds
    on the whole, since a network hears the speaker as much as the emotion."""

    canonical: dict[str, str]
    """Label of the release to the canonical one (C-03)."""
    ordinary: dict[str, float]
    """Label to the mean of the natural logarithm of its share over ordinary speech of many
    people."""
    ordinary_ms: Annotated[int, Field(gt=0)]
    """Speech of a voice after which its own mean counts as much as ``ordinary``."""
    kept: Share
    """Part of a voice's distance from ``ordinary`` that stays: there are calls in which a person is
    angry from beginning to end."""
    answered_from: Share
    """Least share of an answer that rests on much speech; below it the release abstains."""
    short: Share = 0.0
    """What is asked above ``answered_from`` of an answer that rests on hardly any speech; 0 in
    findings of older releases."""
    short_ms: Annotated[int, Field(gt=0)] = 1_000
    """Speech after which a share of 1 / e of ``short`` is still asked."""

    def least(self, speech_ms: float) -> float:
        """Least share of an answer that rests on this much speech."""
        return min(1.0, self.answered_from + self.short * exp(-speech_ms / self.short_ms))

    def is_answer(self, label: str, share: float, speech_ms: float) -> bool:
        """False where the release abstains from a canonical label with that share."""
        if speech_ms < SHORTEST_MS and not is_neutral(label):
            return False
        return share >= self.least(speech_ms)


class EmotionFindings(Findings):
    """Emotion per utterance, and pooled over the chunk in canonical labels. ``coverage`` lists the
    canonical labels of the checkpoint (C-04)."""

    utterances: tuple[Emotion, ...]
    overall: Classification
    coverage: tuple[str, ...] = ()
    """Empty in findings of older releases."""
    dimensions_by: str | None = None
    """Release that rated valence, arousal and dominance; null without one."""
    judging: Judging | None = None
    """Null if the release judges each utterance by itself, and always answers."""

    def classification(self) -> CoveredClassification:
        """In the six labels of 000-07."""
        scores = six(self.overall.scores)
        label = max(scores, key=lambda name: scores[name])
        coverage = covered(self.coverage or self.overall.scores)
        return CoveredClassification(
            label=UNCLEAR if self.overall.abstained else label,
            confidence=scores[label],
            scores=scores,
            label_coverage=coverage,
            abstained=self.overall.abstained,
        )
