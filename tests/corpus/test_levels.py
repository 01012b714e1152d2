"""Voices of unlike level in recorded speech: far ones are heard beside near ones."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio.plan import PlanLimits
from evaluation import answers
from evaluation.hearing import Heard, Listener
from evaluation.manifest import Row
from evaluation.words import distance, normalised
from models.catalog import default_releases
from tests.corpus.recorded import DATA
from tests.unit.audio_files import Sound
from tests.unit.test_faint import at, telephone
from training.datasets import RATE, waveform

pytestmark = pytest.mark.corpus

NEAR = ("asr/librispeech_test-clean/1089-134686-0000.flac", "asr/librivox/sense_and_sensibility_01_austen_64kb-0880.flac")
FAR = (
    "asr/librivox/sense_and_sensibility_01_austen_64kb-0870.flac",
    "asr/librivox/sense_and_sensibility_01_austen_64kb-0890.flac",
)
NEAR_S, FAR_S, LONG_S = (1, 20), (12, 27), 36
NOISE = 10 ** (-75 / 20)


def line(sounds: dict[int, Sound], noise: float = NOISE) -> Sound:
    """Sounds laid at their seconds over a hiss."""
    all_of_it = (noise * np.random.default_rng(7).standard_normal(LONG_S * RATE)).astype(np.float32)
    for second, sound in sounds.items():
        all_of_it[second * RATE :][: len(sound)] += sound
    return all_of_it


def heard(folder: Path, channels: Sound, roles: tuple[str, ...] = ()) -> Heard:
    releases = default_releases()
    listener = Listener(f"file://{folder}", {"asr": releases["asr"]}, PlanLimits(), "cpu", "en", gate=releases["scene"])
    soundfile.write(folder / "call.wav", channels.T, RATE, "PCM_16")
    return listener.hear(folder / "call.wav", Row(path="call.wav", roles=roles or None), ["asr"])


def said(*names: str) -> tuple[str, ...]:
    text = {path: line for path, line in TEXTS.items() if path in names}
    return tuple(word for name in names for word in normalised(text[name], {}))


TEXTS = {
    NEAR[0]: "he hoped there would be stew for dinner turnips and carrots and bruised potatoes and fat mutton pieces to be "
    "ladled out in thick peppered flour fattened sauce",
    NEAR[1]: "he was not an ill disposed young man",
    FAR[
        0
    ]: "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
    FAR[1]: "unless to be rather cold hearted and rather selfish is to be ill disposed",
}


@pytest.mark.parametrize("level_db", [-30, -40, -50])
def test_a_far_voice_beside_a_near_one_is_written_down(level_db: int, tmp_path: Path) -> None:
    near = {second: at(waveform(DATA / name), 10 ** (-20 / 20)) for second, name in zip(NEAR_S, NEAR, strict=True)}
    far = {second: telephone(at(waveform(DATA / name), 10 ** (level_db / 20))) for second, name in zip(FAR_S, FAR, strict=True)}
    found = normalised(answers.transcript(heard(tmp_path, line(near | far)).evidence), {})
    true = said(NEAR[0], FAR[0], NEAR[1], FAR[1])
    assert distance(true, found) <= 0.15 * len(true), " ".join(found)
    assert {"dashwood", "leisure", "prudently", "power", "selfish"} <= set(found)
