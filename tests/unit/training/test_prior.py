"""The prior of the labels, the temperature and the threshold of answers, on numbers whose right
values are known."""

import numpy as np
import pytest

from evaluation.measures.classification import expected_calibration_error
from training.fitting.prior import CALIBRATED, COVERAGE, NEAR, Held, Prior, chosen, fitted

LABELS = 3
NEUTRAL = 1
HALF = 0.5


def drawn(
    count: int, prior: tuple[float, ...], too_sure: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Truth by a prior, and log shares of a model that took labels for equally likely and is
    ``too_sure`` times as sure as it may be."""
    truth = random.choice(LABELS, count, p=prior)
    seen = 1.2 * np.eye(LABELS)[truth] + random.standard_normal((count, LABELS))
    logits = too_sure * 1.2 * seen  # the log likelihood of normal noise about the truth
    shares = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return truth, shares.astype(np.float32)


def both(acted: tuple[float, ...], too_sure: float) -> tuple[Prior, np.ndarray, np.ndarray]:
    """The prior fitted on two acted corpora and two natural sources of unlike sizes, the truth and
    the scores."""
    held = acted_and_natural(acted, too_sure)
    return fitted(held, HALF), held.truth, held.scores


def acted_and_natural(acted: tuple[float, ...], too_sure: float) -> Held:
    """Of two domains, each an acted corpus and a natural source."""
    random = np.random.default_rng(0)
    counts = [3000, 600, 2000, 100]
    origins, domain = np.repeat(["a", "b", "c", "d"], counts), np.repeat([0, 1, 0, 1], counts)
    truth, scores, natural = [], [], []
    for count, prior, is_natural in (
        (3600, acted, False),
        (2100, (0.0, 1.0, 0.0), True),
    ):
        one = drawn(count, prior, too_sure, random)
        truth.append(one[0])
        scores.append(one[1])
        natural.append(np.full(count, is_natural))
    return Held(
        np.concatenate(truth), np.concatenate(scores), origins, np.concatenate(natural), domain
    )


def test_natural_speech_raises_the_prior_of_neutral() -> None:
    prior, _, scores = both((1 / 3, 1 / 3, 1 / 3), 1.0)
    assert prior.bias.argmax() == NEUTRAL
    assert prior.bias.sum() == pytest.approx(0, abs=1e-5)
    natural = slice(3600, None)
    before = (scores[natural].argmax(axis=1) == NEUTRAL).mean()
    after = (prior.shares(scores[natural]).argmax(axis=1) == NEUTRAL).mean()
    assert after > before + 0.1


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_the_temperature_makes_confidence_the_frequency_of_being_right(too_sure: float) -> None:
    """On recordings drawn as those it was fitted on: half acted, half natural."""
    prior, *_ = both((1 / 3, 1 / 3, 1 / 3), too_sure)
    truth, scores = drawn(20_000, (1 / 6, 4 / 6, 1 / 6), too_sure, np.random.default_rng(1))
    shares = prior.shares(scores)
    error = expected_calibration_error(shares.argmax(axis=1) == truth, shares.max(axis=1))
    assert error < 0.05, f"the bias is held near zero by {NEAR}, more than that is an error"


def test_the_least_sure_of_the_acted_recordings_abstain() -> None:
    prior, _, scores = both((1 / 3, 1 / 3, 1 / 3), 1.0)
    answered = prior.answered(scores)
    by_corpus = [answered[:3000].mean(), answered[3000:3600].mean()]
    assert np.mean(by_corpus) == pytest.approx(COVERAGE, abs=0.01)


def test_an_origin_weighs_the_same_however_long_it_is() -> None:
    """A corpus of 3,000 recordings of one kind does not decide what another is answered."""
    random = np.random.default_rng(0)
    (one, other), counts = ((0.8, 0.1, 0.1), (0.1, 0.1, 0.8)), (3000, 100)
    parts = [drawn(n, p, 1.0, random) for n, p in zip(counts, (one, other), strict=True)]
    natural = drawn(500, (0.0, 1.0, 0.0), 1.0, random)
    truth = np.concatenate([*(part[0] for part in parts), natural[0]])
    scores = np.concatenate([*(part[1] for part in parts), natural[1]])
    origins = np.repeat(["long", "short", "natural"], [*counts, 500])
    held = Held(truth, scores, origins, origins == "natural", np.zeros(len(truth), int))
    bias = fitted(held, HALF).bias
    assert abs(bias[0] - bias[2]) < 0.4


def test_the_prior_has_the_least_log_loss() -> None:
    """No step from it in any direction lowers the loss, which is written out here."""
    held = acted_and_natural((0.5, 0.2, 0.3), 2.0)
    weight = np.zeros(len(held.truth))
    for share, kind in ((HALF, held.natural), (1 - HALF, ~held.natural)):
        cells = sorted(set(zip(held.truth[kind], held.origins[kind], strict=True)))
        for label, origin in cells:
            cell = kind & (held.truth == label) & (held.origins == origin)
            weight[cell] = share / len(cells) / cell.sum()

    def loss(bias: np.ndarray, temperature: float) -> float:
        logits = (held.scores + bias) / temperature
        right = logits[np.arange(len(held.truth)), held.truth]
        missed = np.logaddexp.reduce(logits, axis=1) - right
        return float((weight * missed).sum() + NEAR * np.square(bias).mean())

    prior = fitted(held, HALF)
    least = loss(prior.bias, prior.temperature)
    for step in (0.01, -0.01):
        assert loss(prior.bias, prior.temperature + step) > least
        for label in range(LABELS):
            assert loss(prior.bias + step * np.eye(LABELS)[label], prior.temperature) > least


def test_natural_speech_weighs_no_more_than_acted_confidence_allows() -> None:
    """With most of the weight on it, confidence in acted speech is no longer the frequency of being
    right."""
    held = acted_and_natural((1 / 3, 1 / 3, 1 / 3), 1.0)
    acted = ~held.natural

    def error(prior: Prior) -> float:
        shares = prior.shares(held.scores[acted])
        return expected_calibration_error(
            shares.argmax(axis=1) == held.truth[acted], shares.max(axis=1)
        )

    assert error(chosen(held)) <= CALIBRATED < error(fitted(held, 0.9))
