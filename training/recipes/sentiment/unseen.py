"""Log shares of models that were not trained on an utterance's origin, and the priors fitted on
them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np

from training.fitting.crossval import Floats
from training.fitting.nested import Mask
from training.fitting.prior import Held, Prior, chosen
from training.recipes.sentiment.data import DOMAINS, Speech

Answers = Callable[[Mask], Floats]
"""Trains on the utterances of a mask and returns the log shares of all, as recorded and over a
line, of shape (2, utterances, labels)."""


@dataclass(frozen=True)
class Unseen:
    """A domain is a corpus and a natural source; ``without`` maps the domains that a model was not
    trained on to its log shares."""

    speech: Speech
    without: Mapping[tuple[int, ...], Floats]

    def scores(self) -> Floats:
        """Of each utterance, by the model that lacks its domain alone."""
        return self._joined({domain: (domain,) for domain in range(DOMAINS)})

    def prior(self, known: Mask | None = None) -> Prior:
        """Fitted on the utterances of a mask, by default all, each answered by a model that lacks
        its domain."""
        return self._fitted(self.scores(), _all(self.speech) if known is None else known)

    @cached_property
    def priors(self) -> tuple[Prior, ...]:
        """For judging each domain: fitted on the others, each answered by a model without both."""
        found = []
        for domain in range(DOMAINS):
            others = [other for other in range(DOMAINS) if other != domain]
            scores = self._joined({other: tuple(sorted((domain, other))) for other in others})
            found.append(self._fitted(scores, self.speech.domain != domain))
        return tuple(found)

    @cached_property
    def shares(self) -> Floats:
        """Of each utterance under the prior of its domain, shape (2, utterances, labels)."""
        scores = self.scores()
        shares = np.zeros_like(scores)
        for domain, prior in enumerate(self.priors):
            rows = self.speech.domain == domain
            shares[:, rows] = [prior.shares(each) for each in scores[:, rows]]
        return shares

    def answered(self) -> Mask:
        """Which utterances are answered, as recorded, under that prior."""
        least = np.array([prior.answered_from for prior in self.priors])
        found: Mask = self.shares[0].max(axis=1) >= least[self.speech.domain]
        return found

    def _joined(self, by: Mapping[int, tuple[int, ...]]) -> Floats:
        """For the utterances of each domain, the answers of the model named for it."""
        joined = np.zeros_like(next(iter(self.without.values())))
        for domain, left_out in by.items():
            rows = self.speech.domain == domain
            joined[:, rows] = self.without[left_out][:, rows]
        return joined

    def _fitted(self, scores: Floats, known: Mask) -> Prior:
        speech = self.speech
        held = Held(
            np.tile(speech.truth, 2),
            np.concatenate(list(scores)),
            np.tile(speech.sources, 2),
            np.tile(speech.natural, 2),
            np.tile(speech.domain, 2),
        )
        return chosen(held.of(np.tile(known, 2)))


def unseen(speech: Speech, answers: Answers, kept: Path) -> Unseen:
    """Trains without each domain and without each pair of them.

    Args:
        kept: folder for finished answers: an interrupted run resumes there.
    """
    kept.mkdir(parents=True, exist_ok=True)
    without = {}
    for left_out in [*((domain,) for domain in range(DOMAINS)), *combinations(range(DOMAINS), 2)]:
        path = kept / f"without-{'-'.join(map(str, left_out))}.npy"
        if not path.exists():
            np.save(path, answers(~np.isin(speech.domain, left_out)))
            print(f"{kept.name}: trained without {left_out}", flush=True)
        without[left_out] = np.load(path)
    return Unseen(speech, without)


def _all(speech: Speech) -> Mask:
    return np.ones(len(speech.truth), bool)
