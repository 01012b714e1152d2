"""Generated and altered sounds are what their names say."""

import numpy as np
import pytest

from earshot.audio.features import augment
from training.data.datasets import RATE


@pytest.mark.parametrize(("exponent", "slope"), [(0.0, 0.0), (1.0, -3.0), (2.0, -6.0), (-1.0, 3.0)])
def test_coloured_noise_falls_by_its_decibels_an_octave(exponent: float, slope: float) -> None:
    noise = augment.coloured(np.random.default_rng(0), 20 * RATE, exponent, 0.05)
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [
        10 * np.log10(power[(frequency >= f) & (frequency < 2 * f)].mean())
        for f in (250, 500, 1000, 2000)
    ]
    assert np.diff(octaves).mean() == pytest.approx(slope, abs=0.3)
    assert augment.rms(noise) == pytest.approx(0.05, rel=0.01)


@pytest.mark.parametrize("snr", [0.0, 10.0, 20.0])
def test_a_mixture_has_the_ratio_that_was_asked_for(snr: float) -> None:
    random = np.random.default_rng(1)
    sound, other = (
        0.05 * random.standard_normal(size).astype(np.float32) for size in (RATE, RATE // 3)
    )
    added = augment.mix(sound, other, snr) - sound
    assert 20 * np.log10(augment.rms(sound) / augment.rms(added)) == pytest.approx(snr, abs=0.1)


def test_a_telephone_leaves_nothing_above_four_kilohertz() -> None:
    noise = augment.coloured(np.random.default_rng(2), 2 * RATE, 0.0, 0.1)
    power = np.abs(np.fft.rfft(augment.telephone(noise))) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    assert (
        power[frequency > 4300].sum() < 1e-4 * power.sum()
    )  # what is left is the leakage of the cut at both ends


def test_speed_shortens_and_the_same_seed_plays_the_same_tune() -> None:
    tune = augment.melody(np.random.default_rng(3), 2 * RATE, 0.1)
    np.testing.assert_array_equal(tune, augment.melody(np.random.default_rng(3), 2 * RATE, 0.1))
    assert len(augment.speed(tune, 1.25)) == pytest.approx(len(tune) / 1.25, abs=2)
    assert np.abs(tune).max() <= 1
