"""Rounded shares sum to one and keep their winner."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earshot.analysis.shares import STEPS, rounded_shares
from earshot.models.scoring import classify, rounded, softmax

shares = hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(0, 1, width=32)).filter(
    lambda a: a.sum() > 0.01
)


@given(shares)
def test_rounded_shares_sum_to_one_and_stay_close(raw: np.ndarray) -> None:
    labels = tuple(f"l{i}" for i in range(len(raw)))
    scores = rounded(labels, raw)
    assert tuple(scores) == labels
    assert sum(round(share * STEPS) for share in scores.values()) == STEPS
    exact = raw.astype(float) / raw.sum(dtype=float)
    assert all(abs(share - e) <= 1 / STEPS for share, e in zip(scores.values(), exact, strict=True))


def test_the_order_of_the_labels_makes_no_difference() -> None:
    """Equal remainders: shares read from Postgres are pooled like the model's own."""
    weights = {"negative": 0.25005, "neutral": 0.6999, "positive": 0.05005}
    assert rounded_shares(weights) == rounded_shares(dict(reversed(weights.items())))


@given(shares)
def test_the_winner_has_the_largest_score(raw: np.ndarray) -> None:
    answer = classify(tuple(f"l{i}" for i in range(len(raw))), raw)
    assert answer.confidence == max(answer.scores.values()) == answer.scores[answer.label]


def test_softmax_with_temperature() -> None:
    logits = np.array([[0.0, np.log(3.0)]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[0.25, 0.75]], rtol=1e-5)
    assert softmax(logits, 2.0)[0, 1] < 0.75
    np.testing.assert_allclose(softmax(np.array([[1e4, -1e4]], np.float32)), [[1, 0]])


def test_ties_go_to_the_first_label() -> None:
    assert classify(("a", "b"), np.array([0.5, 0.5], np.float32)).label == "a"
    assert classify(("a", "b", "c"), np.ones(3, np.float32)).scores == {
        "a": 0.3334,
        "b": 0.3333,
        "c": 0.3333,
    }
    assert pytest.approx(1) == sum(
        classify(("a", "b", "c"), np.ones(3, np.float32)).scores.values()
    )
