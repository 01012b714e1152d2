"""The label of a whole chunk and a whole recording is that of its audible part, silence only if
hardly anything is audible."""

import numpy as np
import pytest

from earshot.analysis.findings import LabelledInterval, SceneFindings
from earshot.analysis.report.prevailing import scene_of
from earshot.analysis.types import Interval
from workers.scene import overall

LABELS = ("speech", "noise", "silence")
SPEECH, NOISE, SILENCE = np.eye(3, dtype=np.float32)


def whole(*cells: np.ndarray) -> tuple[str, float]:
    rows = np.stack(cells)
    answer = overall(LABELS, rows, rows, rows.argmax(axis=1) != 2)
    assert sum(answer.scores.values()) == pytest.approx(1.0)
    assert set(answer.scores) == set(LABELS)
    return answer.label, answer.confidence


def test_a_word_between_pauses_is_speech() -> None:
    assert whole(SILENCE, SILENCE, SILENCE, SPEECH, SILENCE, SILENCE) == ("speech", 1.0)


def test_what_is_heard_longest_prevails() -> None:
    assert whole(SILENCE, SPEECH, SPEECH, NOISE, SILENCE) == (
        "speech",
        pytest.approx(2 / 3, abs=1e-4),
    )


def test_a_click_in_a_minute_of_silence_is_silence() -> None:
    label, confidence = whole(*[SILENCE] * 50, NOISE)
    assert (label, confidence) == ("silence", pytest.approx(50 / 51, abs=1e-4))


def test_nothing_but_silence_is_silence() -> None:
    assert whole(SILENCE) == ("silence", 1.0)


def test_scores_are_averaged_before_they_become_shares() -> None:
    """C-05: independent scores of a network count by their size."""
    cells = np.array([[0.9, 0.1, 0.0], [0.1, 0.2, 0.0]], np.float32)
    answer = overall(LABELS, cells, cells, np.array([True, True]))
    assert answer.scores["speech"] == pytest.approx(1.0 / 1.3, abs=1e-4)


def chunk(
    start: int, end: int, heard: int | None, **scores: float
) -> tuple[SceneFindings, Interval]:
    label = max(scores, key=lambda name: scores[name])
    span = LabelledInterval(start_ms=start, end_ms=end, label=label, confidence=1.0)
    found = SceneFindings(
        label=label, confidence=scores[label], scores=scores, intervals=(span,), heard_ms=heard
    )
    return found, Interval(start_ms=start, end_ms=end)


def test_a_chunk_counts_by_how_long_something_is_heard_in_it() -> None:
    answer = scene_of(
        [chunk(0, 25_000, 8_000, speech=1.0), chunk(25_000, 50_000, 1_000, speech=0.0, silence=1.0)]
    )
    assert answer is not None
    assert (answer.label, answer.confidence) == ("speech", pytest.approx(8 / 9, abs=1e-4))


def test_a_recording_in_which_hardly_anything_is_heard_is_silence() -> None:
    quiet = [chunk(i * 25_000, (i + 1) * 25_000, 0, speech=0.0, silence=1.0) for i in range(9)]
    answer = scene_of([*quiet, chunk(225_000, 250_000, 4_000, speech=1.0, silence=0.0)])
    assert answer is not None
    assert (answer.label, answer.confidence) == ("silence", pytest.approx(1 - 4 / 250))


def test_of_an_overlap_a_chunk_counts_in_proportion() -> None:
    first, _ = chunk(0, 20_000, 20_000, speech=1.0, noise=0.0)
    second, _ = chunk(10_000, 30_000, 20_000, speech=0.0, noise=1.0)
    answer = scene_of(
        [
            (first, Interval(start_ms=0, end_ms=10_000)),
            (second, Interval(start_ms=10_000, end_ms=30_000)),
        ]
    )
    assert answer is not None
    assert (answer.label, answer.confidence) == ("noise", pytest.approx(2 / 3, abs=1e-4))


def test_findings_that_do_not_tell_count_by_their_length() -> None:
    answer = scene_of(
        [
            chunk(0, 10_000, None, speech=1.0, silence=0.0),
            chunk(10_000, 30_000, None, speech=0.0, silence=1.0),
        ]
    )
    assert answer is not None
    assert answer.label == "silence"


def test_no_chunks_no_answer() -> None:
    assert scene_of([]) is None
