"""Answers of the released scene checkpoint for unambiguous sounds, and after hard transport."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.findings import SceneFindings
from earshot.audio.clip import Clip
from earshot.models.checkpoints.defaults import default_releases
from tests.chunks import RATE, chunk, length_ms, stored
from tests.sounds.synthetic import narrow, sine, white_noise
from tests.sounds.voices import voice
from workers import scene

SOUNDS: dict[str, tuple[Callable[[], np.ndarray], tuple[str, ...]]] = {
    "digital silence": (lambda: np.zeros(5 * RATE), ("silence",)),
    "an offset": (lambda: np.full(5 * RATE, 0.4), ("silence",)),
    "the last bit": (lambda: white_noise(5, 1 / 32768), ("silence",)),
    "white noise": (lambda: white_noise(5), ("noise",)),
    "a low tone": (lambda: sine(220, 5, 0.3), ("other", "music", "noise")),
    "a high tone": (lambda: sine(1_000, 5, 0.3), ("other", "music", "noise")),
    "speech": (lambda: voice(5), ("speech",)),
    "quiet speech": (lambda: voice(5) / 30, ("speech",)),
    "clipped speech": (lambda: 30 * voice(5), ("speech",)),
    "speech with an offset": (lambda: voice(5) * 0.5 + 0.4, ("speech",)),
    "speech at 8 kHz": (lambda: narrow(voice(5)), ("speech",)),
    "one second of speech in five": (
        lambda: np.concatenate([np.zeros(2 * RATE), voice(1), np.zeros(2 * RATE)]),
        ("speech",),
    ),
    "a click in half a minute of silence": (
        lambda: np.concatenate([white_noise(0.05), np.zeros(30 * RATE)]),
        ("silence",),
    ),
    "a tenth of a second": (
        lambda: white_noise(0.1),
        ("noise", "other", "silence", "music", "speech"),
    ),
}


def heard(sound: np.ndarray, folder: Path) -> SceneFindings:
    path = stored(folder / "sound.pcm", sound)
    ref = chunk(length_ms(sound), audio_uri=path)
    (found,) = scene.analyze(scene.load(default_releases()["scene"], "cpu"), [Clip(ref)])
    assert isinstance(found, SceneFindings)
    return found


@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_called_what_anybody_would_call_it(name: str, tmp_path: Path) -> None:
    make, labels = SOUNDS[name]
    found = heard(make(), tmp_path)
    assert found.label in labels, found.scores
    assert sum(found.scores.values()) == pytest.approx(1.0, abs=1e-9)
    assert set(found.scores) == {"speech", "music", "noise", "silence", "other"}
    assert found.heard_ms is not None
    assert 0 <= found.heard_ms <= found.intervals[-1].end_ms
    assert {each.label for each in (*found.events, *found.rejected)} == set(found.scores), (
        "of every label something is said"
    )


def test_a_sound_between_pauses_is_an_event_with_silence_around_it(tmp_path: Path) -> None:
    sound = np.concatenate([np.zeros(4 * RATE), voice(3), np.zeros(4 * RATE)])
    found = heard(sound, tmp_path)
    speech = [event for event in found.events if event.label == "speech"]
    assert len(speech) == 1
    assert 3_000 <= speech[0].start_ms <= 4_500
    assert 6_000 <= speech[0].end_ms <= 8_000
    assert [event.label for event in found.events] == ["silence", "speech", "silence"]
