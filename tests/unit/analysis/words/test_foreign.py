"""The language of a voice, from the log odds of its stretches."""

import pytest

from earshot.analysis.words.foreign import CHANGE, PRIOR, other_language


def test_one_stretch_alone_is_weighed_against_the_prior() -> None:
    (share,) = other_language([0.0])
    assert share == pytest.approx(PRIOR)
    (share,) = other_language([2.0])
    assert share == pytest.approx(1 / (1 + (1 - PRIOR) / PRIOR * 2.718281828**-2))
    assert other_language([]) == []


def test_a_stretch_without_odds_follows_its_neighbours() -> None:
    before, unknown, after = other_language([5.0, None, 5.0])
    assert before > 0.98
    assert unknown > 0.98
    assert after > 0.98
    assert max(other_language([-5.0, None, -5.0])) < 0.001


def test_weak_evidence_of_many_stretches_adds_up() -> None:
    alone = other_language([1.0])[0]
    together = other_language([1.0] * 6)
    assert alone < 0.3
    assert min(together) > 0.5


def test_one_doubtful_stretch_does_not_end_a_conversation() -> None:
    assert max(other_language([-4.0, -4.0, 3.0, -4.0, -4.0])) < 0.5


def test_a_voice_may_change_its_language() -> None:
    shares = other_language([-4.0] * 4 + [4.5] * 4)
    assert max(shares[:4]) < 0.5 < min(shares[4:])


def test_both_directions_are_alike() -> None:
    """A change is as likely either way, so that order matters by the prior alone."""
    odds = [-2.0, 1.0, 3.0, 0.5]
    even = other_language([*odds, *([0.0] * 200)])[:4]
    assert even == pytest.approx(other_language(odds), abs=1e-6)
    assert CHANGE < 0.5
