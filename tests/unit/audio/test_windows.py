"""Windows: where they lie on the time line, and what loudness does to them; channels mixed into
one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audio.features.level import SILENT, levelled, loudness, mixed
from earshot.audio.features.spectra import YAMNET, MelSpec
from earshot.audio.features.windows import WindowSpec, begin_ms, window_loudness, windows
from tests.sounds.synthetic import sine

RATE = 16_000
PATCH = WindowSpec(mel=YAMNET, length=96, hop=48)
SECOND = WindowSpec(
    mel=MelSpec(
        n_fft=2048,
        window=2048,
        hop=160,
        n_mels=64,
        fmin=20,
        fmax=8000,
        offset=1e-5,
        power=2,
        centre=True,
    ),
    length=100,
    hop=50,
    layout="mel_time",
    level=0.05,
)


@given(st.integers(0, 3 * RATE), st.sampled_from([PATCH, SECOND]))
def test_every_window_has_a_beginning_inside_the_sound(samples: int, spec: WindowSpec) -> None:
    sound = np.zeros(samples, np.float32)
    begins = begin_ms(samples, spec)
    assert (
        len(windows(sound, RATE, spec))
        == len(begins)
        == len(window_loudness(sound[None], RATE, spec))
    )
    assert begins[0] == 0
    assert (begins <= max(samples * 1000 // RATE, 1)).all()


def test_layouts_and_shapes() -> None:
    sound = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert windows(sound, RATE, PATCH).shape == (2, 96, 64)
    assert windows(sound, RATE, SECOND).shape == (1, 64, 100)


@pytest.mark.parametrize(
    ("seconds", "begins"),
    [(0.4, [0]), (1.0, [0]), (1.5, [0, 500]), (1.7, [0, 500, 700]), (2.0, [0, 500, 1000])],
)
def test_a_second_is_one_window_and_half_a_second_more_is_another(
    seconds: float, begins: list[int]
) -> None:
    sound = np.random.default_rng(0).standard_normal(round(seconds * RATE)).astype(np.float32)
    assert begin_ms(len(sound), SECOND).tolist() == begins
    assert len(windows(sound, RATE, SECOND)) == len(begins)


@given(st.floats(0.01, 1.0))
def test_gain_does_not_reach_a_levelled_window(gain: float) -> None:
    sound = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * 0.3
    np.testing.assert_allclose(
        windows(sound * np.float32(gain), RATE, SECOND), windows(sound, RATE, SECOND), atol=1e-3
    )


def test_silence_is_not_raised_to_a_level() -> None:
    assert np.abs(levelled(np.full(RATE, 1e-6, np.float32), 0.05)).max() == pytest.approx(
        1e-4, rel=0.01
    )
    assert levelled(np.zeros(0, np.float32), 0.05).shape == (0,)


def test_loudness_is_that_of_the_samples_under_the_window_on_the_loudest_channel() -> None:
    sound = np.concatenate([np.zeros(2 * RATE, np.float32), sine(440, 2, 0.5 * np.sqrt(2))])
    found = window_loudness(np.stack([np.zeros_like(sound), 0.9 + sound]), RATE, PATCH)
    assert found[0] == 0, "an offset is no sound"
    assert found[-1] == pytest.approx(0.5, rel=1e-3)


def test_an_offset_alone_is_silence() -> None:
    assert loudness(np.full((2, RATE), 0.7, np.float32)) < SILENT
    assert loudness(np.zeros((2, 0), np.float32)) == 0


def test_channels_are_mixed_to_their_mean_unless_that_would_cancel_them() -> None:
    first, second = np.random.default_rng(2).standard_normal((2, RATE)).astype(np.float32)
    np.testing.assert_allclose(mixed(np.stack([first, second])), (first + second) / 2, atol=1e-6)
    alone = np.stack([first, *np.zeros((7, RATE), np.float32)])
    np.testing.assert_allclose(mixed(alone), first / 8, atol=1e-6)
    np.testing.assert_array_equal(mixed(np.stack([first, -first])), first)
    np.testing.assert_array_equal(mixed(np.stack([first, -1.2 * first])), -1.2 * first)
    assert mixed(np.zeros((2, 0), np.float32)).shape == (0,)
