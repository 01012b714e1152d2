"""Sentiment and emotion of what is no voice, or a badly recorded one: valid, and no surer than
there is reason to be (ADR 0015).

The VAD keeps such sound away from them; here it is handed over as if it were an utterance."""

from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.emotion.findings import EmotionFindings
from earshot.analysis.findings import SentimentFindings
from tests.chunks import RATE
from tests.conformance.test_analyses import clip, hiss, run, voice
from tests.sounds.synthetic import narrow, sine

MOST = {"sentiment": 0.6, "emotion": 0.5}
"""Confidence in what is no speech: chance is 0.33 and 0.2."""


def tone(hertz: float) -> np.ndarray:
    return sine(hertz, 3.0, 0.2)[None]


def chirp() -> np.ndarray:
    """Of no kind that was learnt from."""
    time = np.arange(3 * RATE) / RATE
    return 0.2 * np.sin(2 * np.pi * (200 * time + 300 * time**2))[None, :]


def beeps() -> np.ndarray:
    """A busy line."""
    time = np.arange(4 * RATE) / RATE
    return 0.2 * np.sin(2 * np.pi * 425 * time)[None, :] * (time % 1 < 0.5)


NO_SPEECH = {
    "silence": lambda: np.zeros((1, 3 * RATE)),
    "nearly_silence": lambda: hiss(3, level=1e-4),
    "hiss": lambda: hiss(3),
    "narrow_hiss": lambda: narrow(hiss(3)),
    "low_tone": lambda: tone(110),
    "tone": lambda: tone(1000),
    "high_tone": lambda: tone(3100),
    "chirp": chirp,
    "beeps": beeps,
    "dc": lambda: np.full((1, 2 * RATE), 0.5),
}


def answered(name: str, sound: np.ndarray, folder: Path) -> EmotionFindings | SentimentFindings:
    (answer,) = run(name, clip(sound, folder))
    assert isinstance(answer, EmotionFindings | SentimentFindings)
    return answer


@pytest.fixture(params=sorted(MOST))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("sound", NO_SPEECH)
def test_no_speech_is_answered_with_doubt(name: str, sound: str, tmp_path: Path) -> None:
    answer = answered(name, NO_SPEECH[sound](), tmp_path)
    assert answer.overall.confidence <= MOST[name]
    for utterance in answer.utterances:
        assert max(utterance.scores.values()) <= MOST[name]


def test_a_tenth_of_a_second_is_answered_with_doubt(name: str, tmp_path: Path) -> None:
    assert answered(name, hiss(0.1), tmp_path).overall.confidence <= MOST[name]
    whole = answered(name, voice(4), tmp_path).overall.confidence
    assert answered(name, voice(4)[:, RATE // 10 : RATE // 5], tmp_path).overall.confidence <= max(
        whole, MOST[name]
    )


def test_a_dc_offset_changes_no_answer(name: str, tmp_path: Path) -> None:
    sound = 0.2 * voice(4)
    plain, shifted = (
        answered(name, sound, tmp_path).overall,
        answered(name, sound + 0.4, tmp_path).overall,
    )
    assert shifted.label == plain.label
    assert shifted.confidence == pytest.approx(plain.confidence, abs=0.02)


def test_gain_changes_no_answer(name: str, tmp_path: Path) -> None:
    loud, quiet = (answered(name, gain * voice(4), tmp_path).overall for gain in (0.3, 0.03))
    assert quiet.label == loud.label
    assert quiet.confidence == pytest.approx(loud.confidence, abs=0.05)


@pytest.mark.parametrize("line", ["narrow", "clipped"])
def test_a_bad_line_makes_nobody_surer(name: str, line: str, tmp_path: Path) -> None:
    sound = 0.5 * voice(4)
    worse = narrow(sound) if line == "narrow" else np.clip(10 * sound, -1, 1)
    assert (
        answered(name, worse, tmp_path).overall.confidence
        <= answered(name, sound, tmp_path).overall.confidence + 0.15
    )
