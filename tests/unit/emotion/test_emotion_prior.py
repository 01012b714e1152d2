"""The expected share of neutral speech of a source moves shares, and what is ordinary with them."""

import math

import numpy as np
import pytest

from earshot.analysis.emotion.findings import Judging
from earshot.models.emotion.model import ByUtterance, Shares
from earshot.settings import Settings
from workers.emotion.prior import prior_of

LABELS = ("happy", "angry", "neutral")


class Plain(ByUtterance):
    """Three labels, of which one is neutral."""

    labels = LABELS

    def shares(self, utterances: object) -> list[Shares]:
        return []


class Fitted(Plain):
    """The same, fitted on speech of which half is neutral."""

    neutral_share = 0.5


def test_without_a_setting_nothing_changes() -> None:
    shares = np.array([0.2, 0.5, 0.3], np.float32)
    assert prior_of(Plain(), None).of(shares).tolist() == pytest.approx(shares.tolist())


def test_a_neutral_source_needs_more_evidence() -> None:
    shares = np.array([0.2, 0.5, 0.3], np.float32)
    found = prior_of(Fitted(), 0.9).of(shares)
    assert found.sum() == pytest.approx(1)
    assert LABELS[int(found.argmax())] == "neutral"
    assert found[1] / found[0] == pytest.approx(2.5)


def test_what_the_release_assumes_leaves_its_shares() -> None:
    shares = np.array([0.2, 0.5, 0.3], np.float32)
    assert prior_of(Fitted(), 0.5).of(shares).tolist() == pytest.approx(shares.tolist())
    assert prior_of(Plain(), 1 / 3).of(shares).tolist() == pytest.approx(shares.tolist(), rel=1e-5)


def test_ordinary_speech_moves_along() -> None:
    judging = Judging(
        canonical={label: label for label in LABELS},
        ordinary=dict.fromkeys(LABELS, math.log(1 / 3)),
        ordinary_ms=1,
        kept=0.5,
        answered_from=0.4,
    )
    moved = prior_of(Fitted(), 0.9).of_voices(judging)
    assert moved is not None
    assert moved.ordinary["neutral"] - moved.ordinary["happy"] == pytest.approx(math.log(9))


def test_tenants_have_their_own_and_a_star_stands_for_the_rest() -> None:
    config = Settings(emotion_neutral={"support": 0.9, "*": 0.7})
    assert config.neutral_share_of("support") == 0.9
    assert config.neutral_share_of("sales") == 0.7
    assert Settings().neutral_share_of("sales") is None
