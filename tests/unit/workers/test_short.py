"""Short sounds have the answers of chunks, alone and together."""

import numpy as np
import pytest

from earshot.analysis.emotion import six
from earshot.analysis.findings import SCENES
from earshot.models.checkpoints.defaults import default_release
from workers import scene
from workers.scene.together import judged_together
from workers.short import Sound, open_emotion, open_scene

RATE = 16_000


def sounds(count: int, samples: int) -> list["np.ndarray[tuple[int], np.dtype[np.float32]]"]:
    """Silence, noise, tones, and noise behind silence, in turn."""
    rng, times = np.random.default_rng(samples), np.arange(samples) / RATE
    kinds = [
        np.zeros(samples),
        0.1 * rng.standard_normal(samples),
        0.3 * np.sin(2 * np.pi * rng.uniform(100, 3000) * times),
        np.where(times < samples / RATE / 2, 0, 0.2 * rng.standard_normal(samples)),
    ]
    return [kinds[i % len(kinds)].astype(np.float32) for i in range(count)]


@pytest.mark.parametrize("samples", [400, 1600, 7680, 16_000, 20_000, 48_000, 160_000])
def test_together_is_as_alone(samples: int) -> None:
    model = scene.load(default_release("scene"), "cpu")
    given = sounds(9, samples)
    together = judged_together(model, given, RATE)
    for found, sound in zip(together, given, strict=True):
        wanted = scene.judged(model, sound[None], RATE).whole
        assert found.label == wanted.label
        assert found.scores == pytest.approx(wanted.scores, abs=2e-4)


def test_sounds_of_many_lengths_and_rates_keep_their_order() -> None:
    classify = open_scene(default_release("scene"))
    mixed = [
        Sound(sound, rate)
        for rate in (16_000, 48_000, 8000)
        for samples in (1600, 16_000)
        for sound in sounds(3, samples)
    ]
    for found, sound in zip(classify(mixed), mixed, strict=True):
        (wanted,) = classify([sound])
        assert (found.label, tuple(found.scores)) == (wanted.label, SCENES)
        assert found.scores == pytest.approx(wanted.scores, abs=2e-4)


def test_emotions_together_are_as_alone() -> None:
    classify = open_emotion(default_release("emotion"))
    given = [Sound(sound, RATE) for samples in (400, 16_000) for sound in sounds(3, samples)]
    for found, sound in zip(classify(given), given, strict=True):
        assert [found] == classify([sound])
        assert tuple(found.scores) == six.LABELS
        assert sum(found.scores.values()) == pytest.approx(1, abs=1e-9)
