"""What is asked of an answer about short speech, fitted on answers about natural speech."""

import numpy as np

from earshot.analysis.emotion.findings import Judging
from training.recipes.emotion_on_whisper.data import LABELS, NEUTRAL
from training.recipes.emotion_on_whisper.head import Calibration, Judged
from training.recipes.emotion_on_whisper.short import CALLED, asking, emotional

PLAIN = Calibration(np.zeros(3, np.float32), 0.4)


def answers(spread: float, count: int = 4_000) -> Judged:
    """Answers whose logits vary the more, the shorter the speech is."""
    random = np.random.default_rng(0)
    seconds = random.uniform(0.3, 4, count).astype(np.float32)
    logits = random.normal(size=(count, len(LABELS))) * (0.2 + spread * np.exp(-seconds))[:, None]
    logits[:, NEUTRAL] += 1
    return Judged(
        logits.astype(np.float32),
        np.zeros((count, 3), np.float32),
        seconds,
        np.full(count, NEUTRAL),
        np.resize(np.array(["calls", "readers"]), count),
    )


def called(found: Calibration, given: Judged, low: float, high: float) -> float:
    rows = (given.seconds >= low) & (given.seconds < high)
    each = emotional(found.shares(given.logits, given.terms), found.least(given.seconds))
    return float(each[rows, 0].mean())


def test_natural_speech_of_any_length_is_seldom_called_emotional() -> None:
    given = answers(2.0)
    assert called(PLAIN, given, 0.3, 0.6) > 4 * CALLED
    found = asking(PLAIN, given)
    for low, high in ((0.3, 0.6), (0.6, 1.2), (1.2, 2.4)):
        assert called(found, given, low, high) < 2 * CALLED


def test_nothing_is_asked_where_short_speech_misleads_no_more_than_long() -> None:
    assert asking(PLAIN, answers(0.0)).short == 0


def test_the_recipe_asks_what_the_report_asks() -> None:
    found = Calibration(np.zeros(3, np.float32), 0.4, 0.3, 800)
    report = Judging(
        canonical={},
        ordinary={},
        ordinary_ms=1,
        kept=0.5,
        answered_from=found.answered_from,
        short=found.short,
        short_ms=found.short_ms,
    )
    for seconds in (0.3, 1.0, 5.0):
        (asked,) = found.least(np.array([seconds], np.float32))
        assert abs(asked - report.least(1_000 * seconds)) < 1e-6


def test_a_word_of_half_a_second_has_no_emotion_but_may_be_neutral() -> None:
    report = Judging(canonical={}, ordinary={}, ordinary_ms=1, kept=0.5, answered_from=0.4)
    assert not report.is_answer("sad", 0.99, 640)
    assert report.is_answer("neutral", 0.7, 640)
    assert report.is_answer("calm", 0.7, 640)
    assert report.is_answer("sad", 0.99, 1_000)
    assert not report.is_answer("sad", 0.39, 60_000)
