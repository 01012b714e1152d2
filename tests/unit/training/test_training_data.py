"""Splits, mappings and measures: what decides whether a figure in a card is honest."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.calibration import calibrate
from evaluation.measures.classification import evaluate, expected_calibration_error
from evaluation.measures.groups import origin
from training.data.datasets import Example, folds, without_copies
from training.fitting.crossval import calibrated_shares, pooled
from training.recipes.noise import sounds


@given(st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=60), st.integers(2, 4))
def test_a_group_is_never_on_two_sides(groups: list[str], count: int) -> None:
    fold = folds(groups, count)
    for group in set(groups):
        assert len({int(f) for f, g in zip(fold, groups, strict=True) if g == group}) == 1


def test_folds_do_not_depend_on_the_order_of_rows() -> None:
    groups = ["a", "b", "c", "d", "a", "b"]
    forward = dict(zip(groups, folds(groups, 2), strict=True))
    backward = dict(zip(groups[::-1], folds(groups[::-1], 2), strict=True))
    assert forward == backward


def test_cuts_of_one_recording_share_an_origin() -> None:
    assert origin("noise/babycry/baby_laugh/laugh_1.m4a_14.ogg") == origin(
        "noise/babycry/baby_laugh/laugh_1.m4a_7.ogg"
    )
    assert (
        origin("noise/esc10/rain/3-1234-A.ogg")
        == origin("noise/babycry/noise/3-999-B.ogg")
        == "esc-3"
    )
    assert origin("noise/nonspeech100/n1.ogg") != origin("noise/nonspeech100/n2.ogg")


def test_copies_under_a_vaguer_label_are_dropped() -> None:
    exact = Example(Path("esc10/dog/1-1-A.ogg"), "noise/esc10", "dog_bark", "esc-1")
    vague = Example(Path("babycry/noise/1-1-A.ogg"), "noise/babycry", "noise", "esc-1")
    assert without_copies([exact, vague]) == [exact]


def test_noise_names_map_to_known_categories() -> None:
    assert set(sounds.categories().values()) <= set(CLASSIFIED)


def test_measures_on_a_worked_example() -> None:
    truth = np.array([0, 0, 0, 1])
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]], np.float32)
    result = evaluate("t", ("a", "b"), truth, shares, np.array(["x", "x", "y", "y"]))
    assert result.accuracy == 0.75
    assert result.uar == pytest.approx((2 / 3 + 1) / 2)
    assert result.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert result.confusion == ((2, 1), (0, 1))
    assert result.uar_low <= result.uar <= result.uar_high


def test_calibration_error_is_zero_when_confidence_is_frequency() -> None:
    shares = np.tile(np.array([[0.75, 0.25]], np.float32), (4, 1))
    right = np.array([True, True, True, False])
    assert expected_calibration_error(right, shares.max(axis=1)) == pytest.approx(0, abs=1e-6)


def test_temperature_cools_what_is_too_sure() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 400)
    right = np.where(random.random(400) < 0.7, truth, 1 - truth)
    logits = 8 * np.eye(2, dtype=np.float32)[right]
    assert calibrate(truth, logits, np.arange(400)) > 4
    shares, _ = calibrated_shares(truth, logits, np.arange(400), np.arange(400) % 4)
    assert expected_calibration_error(shares.argmax(axis=1) == truth, shares.max(axis=1)) < 0.05


def test_what_is_kept_for_judging_fits_no_temperature() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 400)
    logits = 2 * np.eye(2, dtype=np.float32)[np.where(random.random(400) < 0.7, truth, 1 - truth)]
    fitted = np.arange(400) < 300
    before = calibrated_shares(truth, logits, np.arange(400), np.arange(400) % 4, fitted)
    truth[~fitted] = 1 - truth[~fitted]
    after = calibrated_shares(truth, logits, np.arange(400), np.arange(400) % 4, fitted)
    np.testing.assert_array_equal(before[0], after[0])
    assert (
        before[1]
        == after[1]
        != calibrated_shares(truth, logits, np.arange(400), np.arange(400) % 4)[1]
    )


def test_pooling_is_the_mean_of_shares() -> None:
    logits = np.log(np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]], np.float32))
    np.testing.assert_allclose(
        pooled(logits, np.array([0, 0, 1]), 2, 1.0), [[0.7, 0.3], [0.2, 0.8]], atol=1e-6
    )
