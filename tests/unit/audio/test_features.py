"""The spectrograms of the checkpoints: geometry, scales, and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audio.features.spectra import (
    CEPSTRAL,
    YAMNET,
    MelSpec,
    _htk,
    _slaney,
    dct,
    hann,
    log_mel,
    mel_bank,
    mfcc,
    patches,
    starts,
)
from tests.sounds.synthetic import sine

RATE = 16_000
WIDE = MelSpec(
    n_fft=2048,
    window=2048,
    hop=160,
    n_mels=64,
    fmin=20,
    fmax=8000,
    offset=1e-6,
    power=2,
    centre=True,
)


@pytest.mark.parametrize(
    ("seconds", "frames"), [(0.0, 1), (0.01, 1), (0.025, 1), (0.035, 2), (0.975, 96), (25.0, 2498)]
)
def test_frame_count_without_centring(seconds: float, frames: int) -> None:
    assert log_mel(np.zeros(int(seconds * RATE), np.float32), RATE, YAMNET).shape == (frames, 64)


def test_one_second_centred_is_101_frames() -> None:
    assert log_mel(sine(440), RATE, WIDE).shape == (101, 64)


def test_silence_is_the_logarithm_of_the_offset() -> None:
    np.testing.assert_allclose(
        log_mel(np.zeros(RATE, np.float32), RATE, YAMNET), np.log(0.001), rtol=1e-6
    )


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("hertz", [300.0, 1000.0, 3000.0, 6000.0])
def test_a_tone_lights_the_band_that_is_centred_on_it(scale: str, hertz: float) -> None:
    spec = MelSpec(
        n_fft=2048, window=2048, hop=512, n_mels=40, fmin=0, fmax=8000, offset=1e-6, scale=scale
    )
    loudest = log_mel(sine(hertz), RATE, spec).mean(axis=0).argmax()
    bins = np.linspace(0, RATE / 2, 1025)
    assert mel_bank(spec)[:, loudest] @ np.eye(1025)[np.abs(bins - hertz).argmin()] > 0.4


def test_scales_meet_their_published_values() -> None:
    # HTK: 1000 Hz is 1000 mel. Slaney: 1000 Hz is mel 15, 6400 Hz is mel 42.
    assert _htk(np.array([1000.0]))[0] == pytest.approx(1000.0, abs=0.1)
    np.testing.assert_allclose(
        _slaney(np.array([0.0, 200.0, 1000.0, 6400.0])), [0, 3, 15, 42], atol=1e-9
    )


def test_dct_is_orthonormal_and_hann_is_periodic() -> None:
    np.testing.assert_allclose(dct(40, 40).T @ dct(40, 40), np.eye(40), atol=1e-5)
    window = hann(400)
    assert window[0] == 0
    assert window[200] == pytest.approx(1.0)
    np.testing.assert_allclose(window[1:], window[1:][::-1], atol=1e-6)


def test_mfcc_of_a_flat_spectrum_is_level_alone() -> None:
    coefficients = mfcc(np.zeros(RATE, np.float32), RATE)
    assert coefficients.shape == (98, 40)
    np.testing.assert_allclose(coefficients[:, 1:], 0, atol=1e-4)


@given(st.floats(0.05, 0.9))
def test_gain_moves_a_log_mel_by_its_logarithm(gain: float) -> None:
    loud, quiet = (
        log_mel(g * sine(1000), RATE, CEPSTRAL) for g in (np.float32(1.0), np.float32(gain))
    )
    band = loud.mean(axis=0).argmax()
    assert (loud - quiet)[:, band] == pytest.approx(-2 * np.log(gain), abs=0.02)


@given(st.integers(1, 400), st.integers(1, 100), st.integers(1, 120))
def test_patches_cover_every_frame_in_order(frames: int, length: int, hop: int) -> None:
    hop = min(hop, length)
    cut = patches(np.arange(frames, dtype=np.float32)[:, None], length, hop)
    begins = starts(max(frames, length), length, hop)
    assert cut.shape == (len(begins), length, 1)
    assert set(range(frames)) <= {int(value) for value in cut.ravel()}
    assert (np.diff(begins) > 0).all()


def test_wrong_rate_and_stereo_are_refused() -> None:
    with pytest.raises(ValueError, match="resample first"):
        log_mel(np.zeros(8000, np.float32), 8000, YAMNET)
    with pytest.raises(ValueError, match="one channel"):
        log_mel(np.zeros((2, 8000), np.float32), RATE, YAMNET)
