"""Categories that answer through AudioSet's classes."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.scoring import softmax
from training.fitting.nets import Divided, Merged
from training.recipes.noise import zero_shot
from training.recipes.noise.judged import FINE, LABELS, REST, TRAINED, divided, further, matrix

pytestmark = pytest.mark.ml


def test_no_category_is_both_trained_and_zero_shot() -> None:
    assert not set(zero_shot.NAMES) & set(TRAINED)
    assert set(LABELS) == {*zero_shot.NAMES, *TRAINED} <= set(CLASSIFIED)
    assert len(LABELS) >= 35
    places = [place for each in zero_shot.CLASSES.values() for place in each]
    assert len(set(places)) == len(places), "no class stands for two categories"


def test_the_rest_gives_way_to_what_is_above_its_threshold() -> None:
    """As the export computes it, and as the evaluation does."""
    random, more = np.random.default_rng(0), len(zero_shot.NAMES)
    limits = random.normal(0, 1, more).astype(np.float32)
    logits = random.normal(0, 2, (6, len(FINE) + more)).astype(np.float32)
    logits[0, len(FINE) :] = limits - 20  # nothing is there
    logits[1, len(FINE) :] = limits - 20
    logits[1, len(FINE) + 3] = limits[3] + 5
    prior = torch.zeros(len(TRAINED))
    merged = Merged(torch.nn.Identity(), torch.from_numpy(matrix()), 1.3, prior)
    with torch.no_grad():
        found = softmax(Divided(merged, further(limits))(torch.from_numpy(logits)).numpy())
        trained = softmax(merged.merged(torch.from_numpy(logits[:, : len(FINE)])).numpy())
    expected = divided(trained, zero_shot.split(logits[:, len(FINE) :], limits))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    rest, third = LABELS.index(REST), LABELS.index(zero_shot.NAMES[3])
    before = trained[:, TRAINED.index(REST)]
    assert found[0, rest] == pytest.approx(before[0], abs=1e-5)
    assert found[1, third] == pytest.approx(before[1], rel=1e-3)


def test_thresholds_let_few_windows_without_a_category_pass() -> None:
    raised = np.random.default_rng(0).normal(0, 1, (20_000, 2)).astype(np.float32)
    limits = zero_shot.thresholds(raised)
    assert (raised > limits).mean() == pytest.approx(zero_shot.FALSE, rel=0.1)
    lowest = np.log(zero_shot.LOWEST / (1 - zero_shot.LOWEST))
    assert zero_shot.thresholds(raised - 10) == pytest.approx(lowest)


def test_a_layer_predicts_a_class_that_none_of_its_windows_holds() -> None:
    """What it is fitted on lies far below the threshold; logits are linear in the features."""
    random = np.random.default_rng(0)
    features = random.normal(0, 1, (4_000, 8)).astype(np.float32)
    weights, offset = random.normal(0, 1, (8, 2)).astype(np.float32), -9.0
    wanted, fold = features @ weights + offset, np.arange(4_000) % 2
    wanted[fold == 1] = 0  # not seen by the first
    without, _ = zero_shot.layers(features, wanted, fold, (1, -1))
    present = 4 * weights[:, :1].T / np.linalg.norm(weights[:, 0])
    with torch.no_grad():
        found = without(torch.from_numpy(present.astype(np.float32))).numpy()
    assert found == pytest.approx(present @ weights + offset, abs=0.1)
