"""Every measure of an evaluation against figures worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.report.parts import gather
from evaluation.answers import classification
from evaluation.measures.classification import expected_calibration_error, judge
from evaluation.measures.concordance import concordance
from evaluation.measures.der import Spoken, score
from evaluation.measures.words import count, distance, normalised
from tests.sounds.call_parts import noise, part, recording


def test_a_classifier_by_hand() -> None:
    """Truth a a a b b c, answers a a b b b a: recalls 2/3, 1, 0; F1 of a 2*2/(3+3), of b 2*2/(2+3),
    of c 0."""
    truth, answers = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0])
    found = judge("t", ("a", "b", "c"), truth, answers, np.full(6, 0.9), np.array(list("xxyyzz")))
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.uar == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert found.macro_f1 == pytest.approx((4 / 6 + 4 / 5 + 0) / 3)
    assert found.ece == pytest.approx(0.9 - 4 / 6)
    assert found.confusion == ((2, 1, 0), (0, 2, 0), (1, 0, 0))


def test_a_label_that_does_not_occur_weighs_nothing_but_its_false_alarms_cost() -> None:
    found = judge(
        "t",
        ("a", "b"),
        np.array([0, 0]),
        np.array([0, 1]),
        np.array([1.0, 1.0]),
        np.array(["x", "y"]),
    )
    assert (found.uar, found.macro_f1) == (0.5, pytest.approx(2 / 3))


def test_the_interval_draws_whole_groups() -> None:
    """Of two speakers one is always right and one never: a drawn pair has both, or one of them
    twice."""
    truth, answers = np.zeros(20, int), np.repeat([0, 1], 10)
    apart = judge("t", ("a", "b"), truth, answers, np.ones(20), np.repeat(["x", "y"], 10))
    assert (apart.uar_low, apart.uar, apart.uar_high) == (0.0, 0.5, 1.0)
    alone = judge("t", ("a", "b"), truth, answers, np.ones(20), np.arange(20))
    assert 0.2 < alone.uar_low < 0.5 < alone.uar_high < 0.8


def test_calibration_error_by_hand() -> None:
    """Bin 0.9: three answers at 0.95, two right, gap 0.2833; bin 0.6: one at 0.6, right, gap
    0.4."""
    sure, right = np.array([0.95, 0.95, 0.95, 0.6]), np.array([True, True, False, True])
    assert expected_calibration_error(right, sure) == pytest.approx(
        0.75 * (0.95 - 2 / 3) + 0.25 * 0.4
    )


@pytest.mark.parametrize(
    ("reference", "found", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a b c", "a b b c", 1),
        ("a b c", "", 3),
        ("", "a b", 2),
        ("a b c d", "b c d e", 2),
        ("", "", 0),
    ],
)
def test_words_wrong_by_hand(reference: str, found: str, errors: int) -> None:
    assert distance(reference.split(), found.split()) == errors


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_the_distance_is_that_of_the_whole_table(one: str, other: str) -> None:
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    table[:, 0], table[0] = np.arange(len(one) + 1), np.arange(len(other) + 1)
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b)
            )
    assert distance(one, other) == table[-1, -1]


def test_rates_of_words_and_characters() -> None:
    """One of two words is wrong, by one of nine characters, the space among them."""
    found = count(("good", "call"), ("good", "tall"))
    assert (found.wer, found.cer) == (0.5, pytest.approx(1 / 9))
    total = found + count(("x",), ())
    assert (total.words, total.word_errors, total.characters, total.character_errors) == (
        3,
        2,
        10,
        2,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't -- DON\u2019T!", ("don't", "don't")),
        ("the boys' 'quoted' o'clock", ("the", "boys", "quoted", "o'clock")),
        ("Ａ 3rd,caf\u00e9 \ufb01n", ("a", "3rd", "caf\u00e9", "fin")),
        ("well-known 7", ("well", "known", "seven")),
        (" ... ", ()),
    ],
)
def test_normalisation(text: str, words: tuple[str, ...]) -> None:
    assert normalised(text, {"7": "seven"}) == words


def test_concordance_by_hand() -> None:
    """x 1 2 3, y 2 3 4: covariance 2/3, variances 2/3 each, means apart by 1: (4/3) / (4/3 + 1)."""
    assert concordance([1, 2, 3], [2, 3, 4]) == pytest.approx((4 / 3) / (4 / 3 + 1))
    assert concordance([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    assert concordance([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert concordance([1, 1], [1, 1]) is None
    assert concordance([1], [1]) is None


REFERENCE = [Spoken("a", 0, 4_000), Spoken("b", 3_000, 6_000)]


def test_overlapped_speech_counts_once_a_speaker() -> None:
    """7 s of speaker time; one second of the overlap is given to one speaker only."""
    found = [Spoken("s0", 0, 4_000), Spoken("s1", 4_000, 6_000)]
    errors = score(REFERENCE, found, 6_000, collar_ms=0)
    assert (errors.missed_detection, errors.false_alarm, errors.confusion, errors.spoken) == (
        1_000,
        0,
        0,
        7_000,
    )


def test_what_lies_within_the_collar_is_not_scored() -> None:
    late = [Spoken("s0", 200, 4_000), Spoken("s1", 3_000, 6_000)]
    assert score(REFERENCE, late, 6_000, collar_ms=250).rate == 0
    assert score(REFERENCE, late, 6_000, collar_ms=0).missed_detection == 200


@pytest.mark.parametrize(
    ("abstained", "label"), [((), "rain"), ((1,), "rain"), ((0,), "unclear"), ((0, 1), "unclear")]
)
def test_a_recording_is_unclear_if_most_of_its_time_is(
    abstained: tuple[int, ...], label: str
) -> None:
    """The first chunk owns 24.5 s, the second 15.5 s."""
    answers = [
        noise("rain").model_copy(update={"label": "unclear", "abstained": True})
        if chunk in abstained
        else noise("rain")
        for chunk in (0, 1)
    ]
    parts = [part("noise", chunk, answer) for chunk, answer in enumerate(answers)]
    found = classification(gather(recording(), parts), "noise")
    assert found is not None
    assert (found.label, found.abstained) == (label, label == "unclear")
    assert found.scores == {"rain": 1}
