"""The protocol: unseen speakers, unseen corpora, unseen natural speech."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.emotion.findings import Emotion, Judging
from earshot.analysis.report.ordinary import ordinary_voice
from earshot.models.emotion.labels import canonical
from evaluation.measures.classification import confusion, uar
from training.recipes.emotion_on_whisper.data import FOLDS, LABELS, NEUTRAL, TAKES, Utterances
from training.recipes.emotion_on_whisper.head import (
    CANDIDATES,
    Calibration,
    Candidate,
    Floats,
    Head,
    Judged,
    Mask,
    calibrate,
    fit,
    judged,
    ordinary,
)
from training.recipes.emotion_on_whisper.short import asking

RECORDED, TELEPHONE, SHORT = (TAKES.index(name) for name in ("recorded", "telephone", "short"))
JUDGED = RECORDED, TELEPHONE, SHORT
COVERAGE = 0.76
"""Of answers about acted speech of unseen corpora; the rest abstain. It varies by corpus."""
ORDINARY_MS = 15_000
KEPT = 0.5
"""Both by argument: after a quarter of a minute a voice is known; half of what makes it unusual
stays, for there are calls in which a person is angry from beginning to end."""


@dataclass
class Protocol:
    """All heads that a card needs, each fitted once."""

    found: Utterances
    heads: dict[tuple[Candidate, bytes], Head] = field(default_factory=dict)

    @property
    def corpora(self) -> list[str]:
        return np.unique(self.found.source[self.found.acted]).tolist()

    @property
    def labelled(self) -> Mask:
        """Acted utterances of one of the labels."""
        return self.found.acted & (self.found.kind < len(LABELS))

    def of(self, corpus: str) -> Mask:
        """Judged utterances of a corpus."""
        return self.labelled & (self.found.source == corpus)

    def head(self, candidate: Candidate, usable: Mask) -> Head:
        """Fitted on some utterances."""
        key = candidate, usable.tobytes()
        if key not in self.heads:
            self.heads[key] = fit(self.found, candidate, usable)
            print(f"head {len(self.heads)} fitted: {candidate}", flush=True)
        return self.heads[key]

    def without(self, candidate: Candidate, corpus: str) -> Head:
        """Fitted on all other corpora, and on natural speech."""
        return self.head(candidate, self.found.source != corpus)

    def answers(self, candidate: Candidate, corpora: Iterable[str]) -> Judged:
        """Answers about corpora, each of the head that was trained on all others."""
        return Judged.joined(
            judged(self.without(candidate, corpus), self.found, self.of(corpus), JUDGED)
            for corpus in corpora
        )

    def besides(self, corpus: str) -> list[str]:
        """The other corpora."""
        return [each for each in self.corpora if each != corpus]

    def chosen_for(self, corpus: str) -> Candidate:
        """The best on the other corpora."""
        return max(CANDIDATES, key=lambda each: recall(self.answers(each, self.besides(corpus))))

    @cached_property
    def shipped(self) -> Candidate:
        """The best on corpora that a head was not trained on."""
        return max(CANDIDATES, key=lambda each: recall(self.answers(each, self.corpora)))

    @cached_property
    def calibration(self) -> Calibration:
        """Of the shipped head."""
        found = calibrate(self.answers(self.shipped, self.corpora), COVERAGE)
        return asking(found, self.natural_answers)

    @cached_property
    def natural_answers(self) -> Judged:
        """Answers about natural speech that is learnt, each of a head without its source."""
        learnt = self.found.natural & self.found.learnt
        return Judged.joined(
            judged(
                self.head(self.shipped, self.found.fold != fold),
                self.found,
                learnt & (self.found.fold == fold),
                JUDGED,
            )
            for fold in range(FOLDS)
        )

    def unseen_corpora(self, take: int) -> Iterator[tuple[str, Floats, Floats]]:
        """Corpus, shares, and least shares of an answer. The head is trained without the corpus;
        chosen and calibrated by answers about the other ones, each of a head without that one."""
        for corpus in self.corpora:
            candidate, calibration = self.without_corpus[corpus]
            seen = judged(self.without(candidate, corpus), self.found, self.of(corpus), (take,))
            shares = calibration.shares(seen.logits, seen.terms)
            yield corpus, shares, calibration.least(seen.seconds)

    @cached_property
    def without_corpus(self) -> dict[str, tuple[Candidate, Calibration]]:
        """By corpus, the choice and the calibration without it. What is asked of short speech is
        fitted on natural speech alone, answered by heads that have learnt of the corpus."""
        found = {}
        for corpus in self.corpora:
            candidate = self.chosen_for(corpus)
            calibration = calibrate(self.answers(candidate, self.besides(corpus)), COVERAGE)
            found[corpus] = candidate, asking(calibration, self.natural_answers)
        return found

    def least_of_natural(self, take: int) -> Floats:
        """Least shares of answers about natural speech, each fitted without its source, shape
        (utterances of ``natural``,)."""
        answers, rows = self.natural_answers, self.found.natural
        least = np.zeros(len(rows), np.float32)
        for source in np.unique(self.found.source[rows]):
            here = rows & (self.found.source == source)
            fitted = asking(self.calibration, answers.where(answers.source != source))
            least[here] = fitted.least(self.found.seconds[take, here])
        return least[rows]

    def by_fold(self, rows: Mask, take: int) -> Floats:
        """Shares of some utterances, each by a head without its speakers and natural sources, shape
        (utterances of ``rows``, labels)."""
        shares = np.zeros((len(rows), len(LABELS)), np.float32)
        for fold in range(FOLDS):
            here = rows & (self.found.fold == fold)
            if here.any():
                head = self.head(self.shipped, self.found.fold != fold)
                seen = judged(head, self.found, here, (take,))
                shares[here] = self.calibration.shares(seen.logits, seen.terms)
        return shares[rows]

    def judging(self, shares: Floats, rows: Mask) -> Judging:
        """How a voice is judged, from the shares of natural speech."""
        learnt = self.found.learnt[rows]
        means = ordinary(shares[learnt], self.found.source[rows][learnt])
        return Judging(
            canonical={label: canonical()[label] for label in LABELS},
            ordinary=dict(zip(LABELS, means, strict=True)),
            ordinary_ms=ORDINARY_MS,
            kept=KEPT,
            answered_from=self.calibration.answered_from,
            short=self.calibration.short,
            short_ms=self.calibration.short_ms,
        )

    def by_voice(self, shares: Floats, natural: Mask) -> Floats:
        """Shares of natural speech against the ordinary voice of its recording. How ordinary speech
        sounds is taken from the other folds."""
        rows, adjusted = np.flatnonzero(natural), np.zeros_like(shares)
        for fold in np.unique(self.found.fold[rows]):
            here = self.found.fold[rows] == fold
            others = np.isin(np.arange(len(natural)), rows[~here])
            judging = self.judging(shares[~here], others)
            adjusted[here] = against_voices(shares[here], self.found, rows[here], judging)
        return adjusted

    def known_voices(self) -> Floats:
        """Shares of acted speech of unseen corpora, each utterance against how its speaker sounds
        over all of the speaker's utterances, shape (utterances of ``labelled``, labels)."""
        shares = np.zeros((len(self.found.kind), len(LABELS)), np.float32)
        for corpus, each, _ in self.unseen_corpora(RECORDED):
            shares[self.of(corpus)] = each
        natural = self.found.natural
        judging = self.judging(self.by_fold(natural, RECORDED), natural)
        rows = np.flatnonzero(self.labelled)
        return against_voices(shares[rows], self.found, rows, judging)

    @property
    def neutral_share(self) -> float:
        """Of the acted speech that the calibration was fitted on, each corpus weighing the same."""
        return float(
            np.mean([(self.found.kind[self.of(each)] == NEUTRAL).mean() for each in self.corpora])
        )


def against_voices(
    shares: Floats, found: Utterances, rows: NDArray[np.int64], judging: Judging
) -> Floats:
    """Shares of utterances, each against all of its voice, by the code of the report."""
    adjusted, voice, seconds = np.zeros_like(shares), found.voice[rows], found.seconds[RECORDED]
    for name in np.unique(voice):
        here = np.flatnonzero(voice == name)
        parts = [(emotion(shares[i]), float(seconds[rows[i]] * 1000)) for i in here]
        known = ordinary_voice(judging, parts)
        for i, (each, _) in zip(here, parts, strict=True):
            scores = known.judged(each.scores)
            adjusted[i] = [scores[label] for label in LABELS]
    return adjusted


def emotion(shares: Floats) -> Emotion:
    """Shares as findings have them."""
    each = dict(zip(LABELS, np.minimum(shares.astype(float), 1.0).tolist(), strict=True))
    label = max(each, key=lambda name: each[name])
    return Emotion(
        start_ms=0,
        end_ms=0,
        channel=0,
        label=label,
        label_native=label,
        confidence=each[label],
        scores=each,
    )


def recall(seen: Judged) -> float:
    """UAR over the corpora together."""
    return uar(confusion(seen.kind, seen.logits.argmax(axis=1), len(LABELS)))
