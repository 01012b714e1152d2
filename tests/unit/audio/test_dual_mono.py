"""One signal on two channels is told from two speakers, block by block."""

import numpy as np
import pytest

from earshot.audio.quality.dual_mono import DualMono

RATE = 16_000


def voice(seed: int, seconds: float = 3.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE))
    return (noise * (1 + np.sin(np.arange(len(noise)) * 2 * np.pi * 3 / RATE))).astype(np.float32)


def is_same(left: np.ndarray, right: np.ndarray) -> bool:
    found = DualMono(2)
    for start in range(0, len(left), RATE):
        found.update(np.stack([left, right])[:, start : start + RATE])
    return found.same


@pytest.mark.parametrize("difference_db", [-60, -45, -31, -24])
def test_a_transfer_of_one_voice_to_stereo_is_one_signal(difference_db: float) -> None:
    spoken = voice(1)
    other = spoken + voice(2) * np.float32(10 ** (difference_db / 20))
    assert is_same(spoken, other)


@pytest.mark.parametrize("fainter_db", [2, 3, 6, 30])
def test_a_voice_that_is_fainter_on_the_other_channel_is_not(fainter_db: float) -> None:
    spoken = voice(1)
    assert not is_same(spoken, spoken * np.float32(10 ** (-fainter_db / 20)))


def test_a_faint_second_speaker_on_one_channel_alone_is_not() -> None:
    """Both channels carry the first speaker; then the second speaks, 30 dB fainter, on one."""
    first, second = voice(1), voice(2) * np.float32(10 ** (-30 / 20))
    silence = np.zeros_like(second)
    left, right = np.concatenate([first, silence]), np.concatenate([first, second])
    assert not is_same(left, right)


def test_a_moment_of_difference_in_a_recording_that_is_equal_otherwise_is_not() -> None:
    left = voice(1)
    right = left.copy()
    right[20_000:22_000] *= np.float32(0.9)
    assert not is_same(left, right)
