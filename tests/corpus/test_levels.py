"""Voices of different levels in recorded speech: distant ones are detected beside near ones, and
one on two channels is detected once."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile

from earshot.analysis.report.parts import Evidence
from earshot.analysis.report.transcript import transcribe
from earshot.audio.prepare import prepare
from earshot.models.checkpoints.defaults import default_releases
from evaluation import answers
from evaluation.measures.words import distance, normalised
from tests.corpus.recorded import DATA
from tests.sounds.audio_files import Sound
from tests.unit.audio.test_faint import at, telephone
from training.data.datasets import RATE, waveform
from workers.direct import Analyser

pytestmark = pytest.mark.corpus

NEAR = (
    "asr/librispeech_test-clean/1089-134686-0000.flac",
    "asr/librivox/sense_and_sensibility_01_austen_64kb-0880.flac",
)
FAR = (
    "asr/librivox/sense_and_sensibility_01_austen_64kb-0870.flac",
    "asr/librivox/sense_and_sensibility_01_austen_64kb-0890.flac",
)
NEAR_S, FAR_S, LONG_S = (1, 20), (12, 27), 36
NOISE = 10 ** (-75 / 20)


def line(sounds: dict[int, Sound], seed: int = 7) -> Sound:
    """Sounds laid at their seconds over a hiss."""
    all_of_it = (NOISE * np.random.default_rng(seed).standard_normal(LONG_S * RATE)).astype(
        np.float32
    )
    for second, sound in sounds.items():
        all_of_it[second * RATE :][: len(sound)] += sound
    return all_of_it


def heard(folder: Path, channels: Sound, roles: tuple[str, ...] = ()) -> Evidence:
    releases = default_releases()
    analyser = Analyser(f"file://{folder}", {"asr": releases["asr"]}, gate=releases["scene"])
    soundfile.write(folder / "call.wav", channels.T, RATE, "PCM_16")
    return analyser.analyse(folder / "call.wav", roles=roles or None).evidence


def said(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in normalised(TEXTS[name], {}))


TEXTS = {
    NEAR[0]: (
        "he hoped there would be stew for dinner turnips and carrots and bruised potatoes and fat"
        " mutton pieces to be ladled out in thick peppered flour fattened sauce"
    ),
    NEAR[1]: "he was not an ill disposed young man",
    FAR[0]: (
        "and mister john dashwood had then leisure to consider how much there might be prudently in"
        " his power to do for them"
    ),
    FAR[1]: "unless to be rather cold hearted and rather selfish is to be ill disposed",
}


@pytest.mark.parametrize("level_db", [-30, -40, -50])
def test_a_far_voice_beside_a_near_one_is_written_down(level_db: int, tmp_path: Path) -> None:
    near = {
        second: at(waveform(DATA / name), 10 ** (-20 / 20))
        for second, name in zip(NEAR_S, NEAR, strict=True)
    }
    far = {
        second: telephone(at(waveform(DATA / name), 10 ** (level_db / 20)))
        for second, name in zip(FAR_S, FAR, strict=True)
    }
    found = normalised(answers.transcript(heard(tmp_path, line(near | far))), {})
    true = said(NEAR[0], FAR[0], NEAR[1], FAR[1])
    assert distance(true, found) <= 0.15 * len(true), " ".join(found)
    assert {"dashwood", "leisure", "prudently", "power", "selfish"} <= set(found)


def call(fainter_db: float, later_ms: float) -> tuple[Sound, Sound]:
    """Agent and customer, and on the customer's channel the agent again."""
    both = []
    for names, starts, seed in ((NEAR, NEAR_S, 7), (FAR, FAR_S, 8)):
        sounds = {
            second: at(waveform(DATA / name), 10 ** (-24 / 20))
            for second, name in zip(starts, names, strict=True)
        }
        both.append(line(sounds, seed=seed))
    echo = np.roll(both[0], round(later_ms * RATE / 1000)) * np.float32(10 ** (-fainter_db / 20))
    return both[0], both[1] + echo


WITHOUT_ECHO_MS = [12_752, 11_760]
"""What the VAD takes for speech of the two, each alone."""


@pytest.mark.parametrize(("fainter_db", "later_ms"), [(3, 35), (10, 200), (20, 35), (30, 90)])
def test_an_echo_of_the_agent_is_not_said_by_the_customer(
    fainter_db: float, later_ms: float, tmp_path: Path
) -> None:
    evidence = heard(tmp_path, np.stack(call(fainter_db, later_ms)), ("agent", "customer"))
    words = [
        [word.text for word in transcribe(evidence).words if word.channel == channel]
        for channel in (0, 1)
    ]
    for channel, names in enumerate((NEAR, FAR)):
        true, found = said(*names), normalised(" ".join(words[channel]), {})
        assert distance(true, found) <= 0.15 * len(true), (channel, found)
    spoken = [one for chunk in evidence.recording.chunks for one in chunk.speech]
    talk = [
        sum(one.end_ms - one.start_ms for one in spoken if one.channel == channel)
        for channel in (0, 1)
    ]
    assert talk[0] == pytest.approx(12_400, abs=500)
    assert talk[1] == pytest.approx(11_700, abs=700)
    assert talk == pytest.approx(WITHOUT_ECHO_MS, abs=500)


@pytest.mark.parametrize("sentence", ["01", "02"])
def test_actors_who_say_the_same_sentence_at_once_are_not_each_others_echo(
    sentence: str, tmp_path: Path
) -> None:
    """RAVDESS: "Kids are talking by the door", "Dogs are sitting by the door"."""
    for first, second in (("01", "03"), ("02", "04"), ("05", "06"), ("07", "09")):
        sounds = [
            waveform(DATA / f"emotion/ravdess/Actor_{n}/03-01-01-01-{sentence}-01-{n}.ogg")
            for n in (first, second)
        ]
        onsets = [
            int(np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())[0]) for sound in sounds
        ]
        lines = [
            line({1: sound[onset:]}, seed=n)
            for n, (sound, onset) in enumerate(zip(sounds, onsets, strict=True))
        ]
        soundfile.write(tmp_path / "both.wav", np.stack(lines).T, RATE, "PCM_16")
        ready = prepare(tmp_path / "both.wav", uuid4(), f"file://{tmp_path}")
        assert {one.channel for one in ready.utterances} == {0, 1}
        assert not any(channel.crosstalk for channel in ready.quality.channels)
