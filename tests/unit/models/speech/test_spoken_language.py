"""The head over Moonshine that judges if speech is English."""

import json
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.words.foreign import other_language
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.models.asr.moonshine import Moonshine
from earshot.models.asr.spoken_language import DOUBTS, SpokenLanguage, features
from earshot.models.checkpoints.defaults import default_release
from earshot.models.runtimes import open_release
from earshot.settings import settings

DEMO = Path(__file__).resolve().parents[4] / "demo"


def test_features_are_those_of_the_encoder_and_of_the_decoder() -> None:
    encoded = np.array([[1, 5], [3, 5]], np.float32)
    found = features(encoded, [-0.5, -1.5, -2.5, -0.5], 2.0)
    assert found[:4] == pytest.approx([2, 5, 1, 0])
    assert found[4:6] == pytest.approx([-1.25, 0.829156], abs=1e-5)
    assert found[7:9] == pytest.approx([0.5, 0.25])
    assert found[-2:] == pytest.approx([2, np.log(2)])
    assert DOUBTS == (-1.0, -2.0)


def test_the_odds_of_one_stretch_are_bounded() -> None:
    head = open_release(default_release("language"), "cpu", settings())
    assert isinstance(head, SpokenLanguage)
    far = np.full((40, 288), 1e3, np.float32)
    odds = [head.log_odds(far * sign, [-3.0] * 9, 2.0) for sign in (-1, 1)]
    assert sorted(odds) == [-5.0, 5.0]


def test_the_demo_call_is_english() -> None:
    model = open_release(default_release("asr"), "cpu", settings())
    if not isinstance(model, Moonshine):
        pytest.skip("there is no wheel of Moonshine for this platform")
    path = DEMO / "call.ogg"
    call = np.concatenate(list(decode(path, probe(path), Tally())), axis=1)
    for channel in (0, 1):
        known = json.loads((DEMO / "call.json").read_text())["utterances"]
        own = [each for each in known if each["channel"] == channel]
        stretches = [call[channel, each["start_ms"] * 16 : each["end_ms"] * 16] for each in own]
        found = model.transcribe(stretches, ["en"] * len(stretches), [])
        odds = [each.foreign for each in found]
        assert None not in odds
        assert max(other_language(odds)) < 0.5
