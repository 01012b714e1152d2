"""Some windows only: the same numbers as of all, evenly spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audio.features.chosen_windows import spread, windows_at
from earshot.audio.features.windows import windows
from tests.unit.audio.test_windows import PATCH, RATE, SECOND


@pytest.mark.parametrize("spec", [PATCH, SECOND])
@pytest.mark.parametrize("seconds", [0.3, 1.0, 7.3])
def test_chosen_windows_are_those_of_all(spec: object, seconds: float) -> None:
    sound = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * RATE)).astype(np.float32)
    whole = windows(sound, RATE, spec)
    for places in (np.array([len(whole) // 2]), np.arange(0, len(whole), 2), np.arange(len(whole))):
        np.testing.assert_allclose(windows_at(sound, RATE, spec, places), whole[places], atol=1e-4)


@pytest.mark.parametrize(("gain", "offset"), [(0.1, 0.2), (1e-4, 0.2), (1e-4, 0.0)])
def test_a_dc_offset_and_silence_are_no_sound_in_chosen_windows_either(
    gain: float, offset: float
) -> None:
    sound = (offset + gain * np.random.default_rng(0).standard_normal(3 * RATE)).astype(np.float32)
    np.testing.assert_allclose(
        windows_at(sound, RATE, SECOND, np.array([2])), windows(sound, RATE, SECOND)[[2]], atol=1e-3
    )


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.integers(1, 30))
def test_windows_are_spread_over_the_candidates(candidates: list[bool], count: int) -> None:
    mask = np.array(candidates)
    chosen = spread(mask, count)
    assert mask[chosen].all()
    assert len(set(chosen.tolist())) == len(chosen) == min(count, mask.sum())
    assert (np.diff(chosen) > 0).all()


def test_one_window_is_the_middle_one() -> None:
    assert spread(np.ones(9, bool), 1).tolist() == [4]
    assert spread(np.ones(100, bool), 4).tolist() == [12, 37, 62, 87]
