"""Windows: where they lie on the time line, and what loudness does to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.features import YAMNET, MelSpec
from audio.windows import WindowSpec, begin_ms, levelled, window_rms, windows

RATE = 16_000
PATCH = WindowSpec(mel=YAMNET, length=96, hop=48)
SECOND = WindowSpec(
    mel=MelSpec(n_fft=2048, window=2048, hop=160, n_mels=64, fmin=20, fmax=8000, offset=1e-5, power=2, centre=True),
    length=100,
    hop=50,
    layout="mel_time",
    level=0.05,
)


@given(st.integers(0, 3 * RATE), st.sampled_from([PATCH, SECOND]))
def test_every_window_has_a_beginning_inside_the_sound(samples: int, spec: WindowSpec) -> None:
    sound = np.zeros(samples, np.float32)
    begins = begin_ms(samples, spec)
    assert len(windows(sound, RATE, spec)) == len(begins) == len(window_rms(sound, RATE, spec))
    assert begins[0] == 0
    assert (begins <= max(samples * 1000 // RATE, 1)).all()


def test_layouts_and_shapes() -> None:
    sound = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert windows(sound, RATE, PATCH).shape == (2, 96, 64)
    assert windows(sound, RATE, SECOND).shape == (2, 64, 100)


@given(st.floats(0.01, 1.0))
def test_gain_does_not_reach_a_levelled_window(gain: float) -> None:
    sound = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * 0.3
    np.testing.assert_allclose(windows(sound * np.float32(gain), RATE, SECOND), windows(sound, RATE, SECOND), atol=1e-3)


def test_silence_is_not_raised_to_a_level() -> None:
    assert np.abs(levelled(np.full(RATE, 1e-6, np.float32), 0.05)).max() == pytest.approx(1e-4, rel=0.01)
    assert levelled(np.zeros(0, np.float32), 0.05).shape == (0,)


def test_rms_is_that_of_the_samples_under_the_window() -> None:
    sound = np.concatenate([np.zeros(2 * RATE), np.full(2 * RATE, 0.5)]).astype(np.float32)
    rms = window_rms(sound, RATE, PATCH)
    assert rms[0] == 0
    assert rms[-1] == pytest.approx(0.5, rel=1e-3)
