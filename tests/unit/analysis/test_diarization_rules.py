"""Clustering finds as many voices as there are, and the error rate counts each kind of error."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.analysis.types import SpeakerCount
from earshot.models.speakers.clustering import MOST_CLUSTERED, find_voices
from evaluation.measures.der import Spoken, score


def cloud(voices: int, rows: int, spread: float, seed: int = 0) -> np.ndarray:
    """Unit vectors around as many directions at right angles, in turn."""
    random = np.random.default_rng(seed)
    vectors = np.eye(16)[np.arange(rows) % voices] + spread * random.normal(size=(rows, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("voices", [1, 2, 3, 5])
def test_it_finds_as_many_voices_as_there_are(voices: int) -> None:
    assert len(find_voices(cloud(voices, 60, 0.1), threshold=0.5)) == voices


def test_a_long_recording_costs_no_more_and_gives_the_same_voices() -> None:
    """A table of all 20,000 rows with each other would be 1.6 GB; of the sample it is 3 MB at the
    most."""
    rows = cloud(3, MOST_CLUSTERED * 50, 0.1)
    tracemalloc.start()
    found = find_voices(rows, threshold=0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * MOST_CLUSTERED**2
    assert len(found) == 3
    assert np.array_equal((rows @ found.T).argmax(axis=1)[:3], (rows @ found.T).argmax(axis=1)[3:6])


def test_a_stray_window_is_not_a_voice() -> None:
    rows = np.concatenate([cloud(2, 60, 0.1), np.eye(16, dtype=np.float32)[[9]]])
    assert len(find_voices(rows, threshold=0.5)) == 2


def test_one_window_is_one_voice() -> None:
    assert find_voices(cloud(1, 1, 0.0), threshold=0.5).shape == (1, 16)


@pytest.mark.parametrize("told", [1, 2, 3, 4, 6])
def test_as_many_voices_as_there_are_said_to_be(told: int) -> None:
    rows = np.concatenate([cloud(3, 60, 0.1), np.eye(16, dtype=np.float32)[[9]]])
    assert len(find_voices(rows, threshold=0.5, count=SpeakerCount(min=told, max=told))) == told


def test_what_is_said_of_their_number_only_bounds_it() -> None:
    rows = cloud(3, 60, 0.1)
    heard = find_voices(rows, threshold=0.5)
    for count in (
        SpeakerCount(min=2, max=4),
        SpeakerCount(min=3),
        SpeakerCount(max=5),
        SpeakerCount(),
    ):
        assert np.array_equal(find_voices(rows, threshold=0.5, count=count), heard)
    assert len(find_voices(rows, threshold=0.5, count=SpeakerCount(min=4))) == 4
    assert len(find_voices(rows, threshold=0.5, count=SpeakerCount(max=2))) == 2


def test_one_voice_too_many_is_joined_to_its_like_and_not_dropped() -> None:
    angle = np.linspace(0, 0.3, 20)
    fan = np.stack(
        [np.cos(angle), np.sin(angle), *[np.zeros(20)] * 14], axis=1
    )  # one voice that drifts
    rows = np.concatenate([fan, np.roll(fan, 5, axis=1)]).astype(np.float32)
    found = find_voices(rows, threshold=0.999, count=SpeakerCount(max=2))
    assert sorted((rows @ found.T).argmax(axis=1).tolist()) == [0] * 20 + [1] * 20


def test_fewer_windows_than_voices_are_as_many_voices_as_windows() -> None:
    assert len(find_voices(cloud(3, 3, 0.0), threshold=0.5, count=SpeakerCount(min=5, max=5))) == 3


REFERENCE = [Spoken("a", 0, 10_000), Spoken("b", 10_000, 20_000)]


def test_names_do_not_matter() -> None:
    assert (
        score(REFERENCE, [Spoken("s1", 0, 10_000), Spoken("s0", 10_000, 20_000)], 20_000).rate == 0
    )


def test_each_kind_of_error_is_counted() -> None:
    found = [Spoken("s0", 0, 15_000), Spoken("s1", 15_000, 18_000), Spoken("s1", 21_000, 22_000)]
    errors = score(REFERENCE, found, 22_000, collar_ms=0)
    assert (errors.missed_detection, errors.false_alarm, errors.confusion, errors.spoken) == (
        2_000,
        1_000,
        5_000,
        20_000,
    )
    assert errors.rate == pytest.approx(0.4)


def test_the_collar_forgives_near_the_borders() -> None:
    found = [Spoken("s0", 0, 10_200), Spoken("s1", 10_200, 20_000)]
    assert score(REFERENCE, found, 20_000).rate == 0
    assert score(REFERENCE, found, 20_000, collar_ms=0).confusion == 200


def test_of_two_at_once_the_one_not_named_is_missed() -> None:
    errors = score(
        [Spoken("a", 0, 10_000), Spoken("b", 0, 10_000)],
        [Spoken("s0", 0, 10_000)],
        10_000,
        collar_ms=0,
    )
    assert (errors.missed_detection, errors.rate) == (10_000, 0.5)


turns = st.lists(
    st.builds(
        lambda who, start, length: Spoken(who, start, start + length),
        st.sampled_from("abc"),
        st.integers(0, 9_000),
        st.integers(10, 900),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(turns=turns)
def test_a_reference_has_no_errors_against_itself(turns: list[Spoken]) -> None:
    assert score(turns, turns, 10_000).rate == 0


def test_more_voices_than_are_usual_may_be_asked_for() -> None:
    assert len(find_voices(cloud(14, 140, 0.1), threshold=0.5, count=SpeakerCount(min=14))) == 14
