"""A recipe is chosen without the recordings that it is judged by; what a network learns from is cut
as what it will hear."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earshot.audio.features.level import centred
from earshot.audio.features.spectra import YAMNET
from earshot.audio.features.windows import WindowSpec, windows
from evaluation.measures.classification import confusion, uar
from training.data.takes import Takes, gathered, statistics
from training.fitting.nested import Mask, choose

LABELS, FOLDS, EACH = 2, 4, 30
FOLD = np.arange(FOLDS * EACH) % FOLDS
SKILL = {"good": 0.9, "lucky": 0.55}


def by_uar(truth: np.ndarray, shares: np.ndarray, fold: np.ndarray) -> float:
    return uar(confusion(truth, shares.argmax(axis=1), shares.shape[1]))


def answered(truth: np.ndarray, heard: list[tuple[str, tuple[int, ...]]]) -> object:
    """Models that are right as often as their skill has it."""

    def answers(name: str, learn: Mask) -> np.ndarray:
        heard.append((name, tuple(np.unique(FOLD[learn]).tolist())))
        right = np.random.default_rng(len(heard)).random(len(truth)) < SKILL[name]
        return np.eye(LABELS, dtype=np.float32)[np.where(right, truth, 1 - truth)]

    return answers


def test_the_choice_for_a_fold_knows_nothing_of_it(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).integers(0, LABELS, len(FOLD))
    first = choose(("good", "lucky"), truth, FOLD, answered(truth, []), by_uar, tmp_path / "a")
    told = truth.copy()
    told[FOLD == 2] = 1 - told[FOLD == 2]  # the same answers, judged by other labels
    second = choose(("good", "lucky"), told, FOLD, answered(truth, []), by_uar, tmp_path / "b")
    for name in SKILL:
        assert first.uar[name][2] == second.uar[name][2]
        assert first.uar[name][1] != second.uar[name][1]
    assert first.of_fold(2) == "good" == first.shipped()


def test_who_is_judged_was_heard_by_no_model_of_the_choice(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).integers(0, LABELS, len(FOLD))
    heard: list[tuple[str, tuple[int, ...]]] = []
    choose(("good",), truth, FOLD, answered(truth, heard), by_uar, tmp_path)
    assert sorted(folds for _, folds in heard) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    choose(("good",), truth, FOLD, answered(truth, heard), by_uar, tmp_path)
    assert len(heard) == 6  # what is done is not done again
    paired = choose(
        ("good",),
        truth,
        FOLD,
        answered(truth, heard),
        by_uar,
        tmp_path / "paired",
        ((0, 1), (2, 3)),
    )
    assert [folds for _, folds in heard[6:]] == [(2, 3), (0, 1)]
    assert len(paired.uar["good"]) == FOLDS


SPEC = WindowSpec(mel=YAMNET, length=50, hop=25, level=0.05)


def takes() -> Takes:
    random = np.random.default_rng(0)
    return gathered(
        [random.standard_normal((frames, 64)) + 5 for frames in (20, 50, 130)], SPEC.length
    )


def test_cuts_have_the_length_of_a_window_and_differ_each_time() -> None:
    cut = replace(takes(), random=np.random.default_rng(1))
    first, second = cut[np.array([0, 1, 2])], cut[np.array([0, 1, 2])]
    assert first.shape == (3, 64, 50)
    assert not np.array_equal(first[2], second[2])


def test_normalised_takes_have_mean_nothing_and_deviation_one() -> None:
    these = takes().of(np.array([1, 2]))
    mean, std = statistics(these)
    drawn = replace(these, mean=mean, std=std)[np.resize([0, 1], 400)]
    assert drawn.mean() == pytest.approx(0, abs=0.1)
    assert drawn.std() == pytest.approx(1, abs=0.1)


def test_an_offset_is_no_sound() -> None:
    sound = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.01
    np.testing.assert_allclose(
        windows(sound + 0.5, 16_000, SPEC), windows(sound, 16_000, SPEC), atol=0.02
    )
    assert centred(np.zeros(0, np.float32)).shape == (0,)
