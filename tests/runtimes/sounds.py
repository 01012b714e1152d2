"""Sound with the pitch, formants and rhythm of a voice, synthetic, so that these tests need no
recordings."""

import numpy as np

from earshot.compute.sound import SAMPLE_RATE, Samples


def voice(seconds: float, pitch_hz: float = 120.0) -> Samples:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz + 25 * np.sin(2 * np.pi * 0.7 * time)) / SAMPLE_RATE
    vowel = 500 + 200 * np.sin(2 * np.pi * 0.9 * time)
    buzz = sum(
        0.2 * np.exp(-(((pitch_hz * k - vowel) / 250) ** 2)) * np.sin(k * phase)
        for k in range(1, 25)
    )
    hiss = 0.003 * np.random.default_rng(5).standard_normal(len(time))
    return np.asarray(buzz * np.maximum(np.sin(2 * np.pi * 2.5 * time), 0) + hiss, dtype=np.float32)
