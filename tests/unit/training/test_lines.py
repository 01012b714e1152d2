"""Telephone codecs of training: the band of a line, the speech of the input."""

import numpy as np
import pytest

from earshot.audio.features.augment import telephone
from training.data import lines
from training.data.datasets import RATE

SECONDS = 2.0


def _syllables() -> np.ndarray:
    """Harmonics of 140 Hz up to 7 kHz, four times a second, as loud as speech."""
    time = np.arange(int(SECONDS * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 50))
    return (0.1 * tone * np.sin(2 * np.pi * 2 * time) ** 2).astype(np.float32)


def _loudness(sound: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(sound.reshape(-1, RATE // 50)).mean(axis=1))


@pytest.mark.parametrize("name", lines.CODECS)
def test_a_codec_keeps_the_syllables_and_nothing_above_its_band(name: str) -> None:
    if name not in lines.available():
        pytest.skip(f"this FFmpeg has no encoder of {name}")
    sound = _syllables()
    passed = lines.through(sound, name, np.random.default_rng(0))
    assert (passed.shape, passed.dtype) == (sound.shape, np.float32)
    power = np.square(np.abs(np.fft.rfft(passed)))
    above = int(4200 * SECONDS)
    assert power[above:].sum() < 1e-3 * power.sum()
    assert np.corrcoef(_loudness(telephone(sound)), _loudness(passed))[0, 1] > 0.9
    assert not np.array_equal(passed, telephone(sound)), "the codec must change the sound"


def test_all_but_gsm_are_available() -> None:
    """GSM's encoder is not in PyAV's FFmpeg; a release without one of the others fails here."""
    assert {"g711_mu", "g711_a", "amr_nb", "opus"} <= set(lines.available())


def test_a_line_is_repeatable_and_differs_from_call_to_call() -> None:
    sound, random = _syllables(), np.random.default_rng(0)
    first = [lines.line(sound, random) for _ in range(8)]
    again = lines.line(sound, np.random.default_rng(0))
    assert np.array_equal(first[0], again)
    assert len({one.tobytes() for one in first}) > 3


def test_a_click_of_speech_has_its_length() -> None:
    for name in lines.available():
        assert lines.through(_syllables()[:100], name, np.random.default_rng(0)).shape == (100,)


def test_without_any_encoder_training_stops() -> None:
    with pytest.raises(RuntimeError, match="lpc10"):
        lines.available({"lpc10": lines.Codec("lpc10_of_1984", "wav")})
