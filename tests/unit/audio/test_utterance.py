"""Pitch and the feature vector of an utterance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audio.features.pitch import VOICED, pitch
from earshot.audio.features.utterance import describe, prosody

RATE = 16_000


def buzz(hertz: float, seconds: float = 1.0) -> np.ndarray:
    """Harmonics that fall by half each octave, as a glottis makes them."""
    time = np.arange(int(seconds * RATE)) / RATE
    return sum(0.3 / k * np.sin(2 * np.pi * hertz * k * time) for k in range(1, 16)).astype(
        np.float32
    )


@pytest.mark.parametrize("hertz", [70, 110, 180, 260, 390])
def test_pitch_of_a_buzz_is_within_two_percent(hertz: float) -> None:
    heard, voicing = pitch(buzz(hertz), RATE)
    inside = heard[5:-5]
    assert np.median(inside) == pytest.approx(hertz, rel=0.02)
    assert (voicing[5:-5] > 0.85).all()


def test_hiss_is_unvoiced() -> None:
    _, voicing = pitch(np.random.default_rng(0).standard_normal(RATE).astype(np.float32), RATE)
    assert (voicing < VOICED).mean() > 0.95


@given(st.integers(0, RATE), st.floats(0, 1), st.integers(0, 5))
def test_vector_is_finite_for_any_sound(samples: int, level: float, seed: int) -> None:
    sound = np.random.default_rng(seed).standard_normal(samples).astype(np.float32) * np.float32(
        level
    )
    vector = describe(sound, RATE)
    assert vector.shape == (216,)
    assert np.isfinite(vector).all()


def test_vector_ignores_gain() -> None:
    sound = buzz(150)
    np.testing.assert_allclose(
        describe(sound * np.float32(0.1), RATE), describe(sound, RATE), atol=0.02
    )


def test_prosody_hears_a_higher_voice_as_an_octave() -> None:
    assert prosody(buzz(240), RATE)[0] - prosody(buzz(120), RATE)[0] == pytest.approx(12, abs=0.5)
