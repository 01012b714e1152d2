"""Found speakers are matched to true ones so that their common time is largest, in few steps."""

import sys
from collections.abc import Callable
from itertools import permutations
from types import FrameType
from typing import Any

import numpy as np
import pytest

from earshot.analysis.types import MOST_SPEAKERS
from evaluation.measures import assignment
from evaluation.measures.assignment import best_total
from evaluation.measures.der import Spoken, score


def by_trying_all(table: np.ndarray) -> int:
    wide = table if table.shape[0] <= table.shape[1] else table.T
    return max(
        sum(int(wide[row, column]) for row, column in enumerate(choice))
        for choice in permutations(range(wide.shape[1]), wide.shape[0])
    )


@pytest.mark.parametrize("largest", [1, 3, 50, 10**9])
def test_the_total_is_the_best_of_all_choices(largest: int) -> None:
    random = np.random.default_rng(largest)
    for _ in range(100):
        table = random.integers(0, largest + 1, random.integers(1, 6, 2))
        assert best_total(table) == by_trying_all(table), table


def test_nobody_on_one_side_matches_nobody() -> None:
    assert best_total(np.zeros((0, 3), np.int64)) == 0
    assert best_total(np.zeros((3, 0), np.int64)) == 0


def lines_run(call: Callable[[], object]) -> int:
    """Lines of ``evaluation.measures.assignment`` that run in the call."""
    count = 0

    def each(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return each if frame.f_code.co_filename == assignment.__file__ else None

    before = sys.gettrace()
    sys.settrace(each)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", ["random", "product", "even"])
def test_as_many_speakers_as_there_may_be_take_a_quadratic_number_of_steps(kind: str) -> None:
    """A search visits each column once: at most n^2 visits of ten lines. The product of positions
    is what the method is slowest at."""
    n = MOST_SPEAKERS
    tables = {
        "random": np.random.default_rng(1).integers(0, 10**6, (n, n)),
        "product": np.outer(np.arange(n), np.arange(n)),
        "even": np.ones((n, n), np.int64),
    }
    assert lines_run(lambda: best_total(tables[kind])) < 12 * n**2 + 100 * n


def test_thirty_two_speakers_under_other_names_are_no_error() -> None:
    names = np.random.default_rng(2).permutation(MOST_SPEAKERS)
    truth = [Spoken(f"t{i:02}", 1_000 * i, 1_000 * i + 1_000) for i in range(MOST_SPEAKERS)]
    found = [Spoken(f"f{names[i]:02}", turn.start_ms, turn.end_ms) for i, turn in enumerate(truth)]
    assert score(truth, found, 1_000 * MOST_SPEAKERS, collar_ms=0).rate == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("collar_ms", [0, 250])
def test_the_error_rate_is_that_of_pyannote_metrics(seed: int, collar_ms: int) -> None:
    """Turns on the grid of 10 ms, so that both count the same; their collar is the whole width."""
    core = pytest.importorskip("pyannote.core")
    diarization = pytest.importorskip("pyannote.metrics.diarization")
    random = np.random.default_rng(seed)
    duration_ms = 60_000

    def turns(speakers: int) -> list[Spoken]:
        """Of one speaker apart from each other, of different speakers at once too."""
        borders = (np.sort(random.choice(6_000, (8,), replace=False)) * 10 for _ in range(speakers))
        return [
            Spoken(f"s{speaker}", int(start), int(end))
            for speaker, each in enumerate(borders)
            for start, end in each.reshape(-1, 2)
        ]

    def annotation(spoken: list[Spoken]) -> Any:
        found = core.Annotation()
        for track, turn in enumerate(spoken):
            found[core.Segment(turn.start_ms / 1000, turn.end_ms / 1000), track] = turn.speaker
        return found

    reference, guess = turns(4), turns(5)
    theirs = diarization.DiarizationErrorRate(collar=2 * collar_ms / 1000)(
        annotation(reference),
        annotation(guess),
        uem=core.Timeline([core.Segment(0, duration_ms / 1000)]),
        detailed=True,
    )
    ours = score(reference, guess, duration_ms, collar_ms)
    assert ours.missed_detection / 1000 == pytest.approx(theirs["missed detection"])
    assert ours.false_alarm / 1000 == pytest.approx(theirs["false alarm"])
    assert ours.confusion / 1000 == pytest.approx(theirs["confusion"])
    assert ours.spoken / 1000 == pytest.approx(theirs["total"])
