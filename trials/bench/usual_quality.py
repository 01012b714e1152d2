"""The measurements of ``earshot.audio.quality.measure`` in a conventional implementation:
pyloudnorm, librosa, SciPy, and all audio in memory."""

import librosa
import numpy as np
import pyloudnorm
from scipy import signal

FULL_SCALE = 32_766.5 / 32_768
WINDOW = 2048


def measured(sound: np.ndarray, rate: int) -> dict[str, object]:
    """Measurements of audio in double precision and shape (samples, channels), as from
    ``soundfile.read``."""
    meter = pyloudnorm.Meter(rate)
    clipped = np.abs(sound) >= FULL_SCALE
    seconds = librosa.feature.rms(y=sound.T, frame_length=rate, hop_length=rate, center=False)
    return {
        "together": meter.integrated_loudness(sound),
        "each": [meter.integrated_loudness(channel) for channel in sound.T]
        if sound.shape[1] > 1
        else None,
        "peak": np.abs(sound).max(axis=0),
        "dc_offset": sound.mean(axis=0),
        "clipped_share": (clipped[2:] & clipped[1:-1] & clipped[:-2]).mean(axis=0),
        "dead": seconds.max(axis=-1) < 10 ** (-66 / 20),
        "bandwidth": [_edge(channel, rate) for channel in sound.T],
        "alike": np.corrcoef(sound.T),
    }


def _edge(channel: np.ndarray, rate: int) -> float:
    """Hz above which the mean spectrum is 80 dB below its strongest bin."""
    hertz, power = signal.welch(channel, rate, nperseg=WINDOW, noverlap=0)
    return float(hertz[np.flatnonzero(power > 1e-8 * power.max())[-1]])
