"""What noise networks learn from: altered and generated sounds."""

import numpy as np
import pytest

from earshot.audio.features import augment
from training.data.datasets import RATE, Example
from training.recipes.noise import sounds

pytestmark = pytest.mark.ml


def test_a_tilt_keeps_the_middle_and_turns_the_ends() -> None:
    noise = augment.coloured(np.random.default_rng(0), 4 * RATE, 0.0, 0.1)
    before, after = (np.abs(np.fft.rfft(x)) ** 2 for x in (noise, augment.tilted(noise, 3.0)))
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    gain = [
        10 * np.log10((after / before)[(frequency > f * 0.99) & (frequency < f * 1.01)].mean())
        for f in (500, 1000, 4000)
    ]
    assert gain == pytest.approx([-3.0, 0.0, 6.0], abs=0.1)


def test_a_room_leaves_the_direct_sound_first() -> None:
    click = np.zeros(RATE, np.float32)
    click[100] = 1.0
    heard = augment.in_a_room(click, np.random.default_rng(0))
    assert heard[:100] == pytest.approx(0, abs=1e-6)
    assert np.abs(heard).argmax() == 100
    tail = [np.square(heard[a : a + 1600]).sum() for a in (101, 4000, 8000)]
    assert tail[0] > tail[1] > tail[2]


@pytest.mark.parametrize("seed", range(6))
def test_generated_sounds_have_their_level_and_are_finite(seed: int) -> None:
    random = np.random.default_rng(seed)
    voices = [0.1 * random.standard_normal(2 * RATE).astype(np.float32) for _ in range(3)]
    for name in sounds.GENERATED:
        made = sounds.sound(Example(sounds.MAPPING, "generated", name, "g"), random, voices)
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        assert 0 < np.abs(made).max() <= 1
