"""Integrated loudness at every usual sample rate: EBU Tech 3341's cases, and tones all over the
K-weighting's curve."""

import numpy as np
import pytest

from earshot.audio.quality.k_weighting import HIGH_PASS, SHELF, Biquad
from earshot.audio.quality.lufs import Loudness

RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000)

EBU_TECH_3341 = {
    1: ((-23.0, 20.0),),
    2: ((-33.0, 20.0),),
    3: ((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)),
    4: ((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)),
    5: ((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)),
}
"""Table 1's synthetic cases: 1 kHz in both channels, dBFS of the peak and seconds. Case 6 weighs
the seats around a listener, which a recording of speakers has not; 7 and 8 are programmes that EBU
does not give away."""
READS = {1: -23.0, 2: -33.0, 3: -23.0, 4: -23.0, 5: -23.0}


def loudness(
    parts: tuple[tuple[float, float], ...], rate: int, hz: float = 1_000.0, channels: int = 2
) -> float:
    meter = Loudness(channels, rate)
    second = np.tile(
        np.sin(2 * np.pi * hz * np.arange(rate) / rate), (channels, 1)
    )  # whole periods: it may follow itself
    for level_db, seconds in parts:
        tone = (10 ** (level_db / 20) * second).astype(np.float32)
        for done in range(0, round(seconds * rate), rate):
            meter.update(tone[:, : round(seconds * rate) - done])
    measured = meter.together()
    assert measured is not None
    return measured


def gain_db(biquad: Biquad, hz: float) -> float:
    """Of a filter of the recommendation, which holds for 48 kHz."""
    z = np.exp(-2j * np.pi * hz / 48_000)
    return float(
        20 * np.log10(abs(np.polyval(biquad[2::-1], z) / np.polyval([*biquad[:2:-1], 1.0], z)))
    )


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", EBU_TECH_3341)
def test_ebu_tech_3341(case: int, rate: int) -> None:
    assert loudness(EBU_TECH_3341[case], rate) == pytest.approx(READS[case], abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_every_tone_is_weighted_as_at_48_khz(rate: int) -> None:
    for hz in (
        25,
        40,
        80,
        200,
        500,
        997,
        1_500,
        2_000,
        2_500,
        3_000,
        3_500,
        3_900,
        6_000,
        10_000,
        15_000,
        20_000,
    ):
        if hz < 0.49 * rate:
            expected = -0.691 - 20 - 3.01 + gain_db(SHELF, hz) + gain_db(HIGH_PASS, hz)
            assert loudness(((-20.0, 4.0),), rate, hz, channels=1) == pytest.approx(
                expected, abs=0.1
            ), hz
