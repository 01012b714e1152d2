"""Expected behaviour of every CPU analysis on poor or damaged sound: the obvious answer or a
doubtful one, and the same after a harmless change. The sound takes the production path: decoded,
cut, the VAD's speech, the runner."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soxr

from earshot.analysis.findings import Classification
from earshot.analysis.outcome import Failed, Outcome, Skipped
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.models.checkpoints.defaults import default_release
from earshot.registry import cards
from earshot.settings import PROJECT
from tests.conformance.test_analyses import is_consistent
from tests.sounds.audio_files import Sound, silence, tone, write
from workers.direct import Analyser
from workers.modules import module

RATE = 16_000
CPU = tuple(card.name for card in cards() if card.pool == "cpu" and card.scope == "chunk")
HEARD = tuple(name for name in (*CPU, "emotion") if default_release(name).labels)
"""Classifiers with a checkpoint; the embedded one of emotion runs on the CPU too. What an analysis
without one measures may well change with the level."""

SURE = 0.7
"""No label is to be more certain than this of sound that none of the labels means."""
MOVED = 0.25
"""How far a harmless change of the sound may move the share of any label."""
TIE = 0.1
"""Two labels closer than this are as good as equal: either may win after a change."""

Answer = Classification | None
"""None where there was nothing to analyse."""


def noise(seconds: float, level: float = 0.1) -> Sound:
    return (level * np.random.default_rng(3).standard_normal((1, round(seconds * RATE)))).astype(
        np.float32
    )


def heard(name: str, sound: Sound, folder: Path, rate: int = RATE) -> list[Answer]:
    """The answer on each chunk; any error fails the test."""
    return [_answer(name, outcome) for outcome in outcomes(name, sound, folder, rate)]


def outcomes(name: str, sound: Sound, folder: Path, rate: int = RATE) -> list[Outcome]:
    """The outcome of each chunk."""
    path = write(folder / f"{uuid4()}.wav", sound, rate, "pcm_s16le")
    analyser = Analyser(f"file://{folder}/store", {name: default_release(name)})
    return [part.outcome for part in analyser.analyse(path).evidence.parts]


def _answer(name: str, outcome: Outcome) -> Answer:
    assert not isinstance(outcome, Failed), outcome
    if isinstance(outcome, Skipped):
        return None
    module(name).FINDINGS.model_validate(outcome.findings)
    answer = outcome.classification
    assert answer is not None
    assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-9)
    assert is_consistent(answer)
    return answer


def only(name: str, sound: Sound, folder: Path, rate: int = RATE) -> Answer:
    (answer,) = heard(name, sound, folder, rate)
    return answer


@pytest.fixture(scope="module")
def call() -> Sound:
    """Twenty-five seconds of the demo call, both speakers in one channel."""
    path = PROJECT / "demo" / "call.ogg"
    found = probe(path)
    sound = np.concatenate([block.mean(axis=0) for block in decode(path, found, Tally())])
    return soxr.resample(sound, found.sample_rate, RATE)[None, 10 * RATE : 35 * RATE].astype(
        np.float32
    )


@pytest.mark.parametrize("seconds", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("name", HEARD)
def test_silence_is_silence(name: str, seconds: float, tmp_path: Path) -> None:
    answer = only(name, silence(seconds), tmp_path)
    if "silence" in default_release(name).labels:
        assert answer is not None
        assert answer.label == "silence"
        assert answer.confidence > 0.5
    else:
        assert answer is None  # nobody spoke


@pytest.mark.parametrize("level", [0.003, 0.03, 0.3])
def test_white_noise_is_white_noise(level: float, tmp_path: Path) -> None:
    sound = noise(10, level)
    told, scene = only("noise", sound, tmp_path), only("scene", sound, tmp_path)
    assert told is not None
    assert scene is not None
    assert (told.label, scene.label) == ("white_noise", "noise")


@pytest.mark.parametrize(
    "name", [name for name in HEARD if "silence" not in default_release(name).labels]
)
@pytest.mark.parametrize("sound", [noise(10), tone(10), tone(10, hz=3_000)])
def test_a_voice_is_judged_only_where_there_is_one(name: str, sound: Sound, tmp_path: Path) -> None:
    assert only(name, sound, tmp_path) is None


@pytest.mark.parametrize("hertz", [100, 440, 1_000, 3_000])
def test_a_tone_is_no_speech_and_no_silence(hertz: int, tmp_path: Path) -> None:
    scene = only("scene", tone(10, hz=hertz), tmp_path)
    assert scene is not None
    assert scene.label not in ("speech", "silence")


@pytest.mark.parametrize("hertz", [100, 440, 1_000, 3_000])
def test_noise_is_not_sure_of_a_tone(hertz: int, tmp_path: Path) -> None:
    """None of the 58 classes is a tone; ``mixed_noise`` is what is none of the others."""
    told = only("noise", tone(10, hz=hertz), tmp_path)
    assert told is not None
    assert told.label == "mixed_noise" or told.confidence < SURE


@pytest.mark.parametrize("name", HEARD)
@pytest.mark.parametrize("make", [lambda: noise(0.1), lambda: tone(0.1), lambda: noise(0.03)])
def test_a_blink_has_a_valid_answer_or_none(
    name: str, make: Callable[[], Sound], tmp_path: Path
) -> None:
    heard(name, make(), tmp_path)


CHANGES: dict[str, Callable[[Sound], Sound]] = {
    "dc": lambda sound: sound + np.float32(0.1),
    "clipped": lambda sound: np.clip(
        2 / np.abs(sound).max() * sound, -1, 1
    ),  # 6 dB too loud for the line
    "softer": lambda sound: sound * np.float32(0.25),
    "turned_over": lambda sound: -sound,
}


@pytest.mark.parametrize("name", HEARD)
@pytest.mark.parametrize("change", CHANGES)
def test_a_harmless_change_leaves_the_answer(
    name: str, change: str, call: Sound, tmp_path: Path
) -> None:
    same(only(name, call, tmp_path), only(name, CHANGES[change](call), tmp_path))


@pytest.mark.parametrize("name", HEARD)
def test_a_telephone_leaves_the_answer(name: str, call: Sound, tmp_path: Path) -> None:
    """Or none is given: what its band does not let be distinguished is unclear (ADR 44)."""
    narrow = soxr.resample(call[0], RATE, 8_000)[None].astype(np.float32)
    before, after = only(name, call, tmp_path), only(name, narrow, tmp_path, 8_000)
    assert after is not None
    if name != "noise" or not after.abstained:
        same(before, after)


def same(before: Answer, after: Answer) -> None:
    """The label that led still wins, and no share has moved far."""
    assert before is not None
    assert after is not None
    first, second = sorted(before.scores.values(), reverse=True)[:2]
    assert after.label == before.label or first - second < TIE
    assert after.scores == pytest.approx(before.scores, abs=MOVED)


CPU_WORKER = """
import sys
from pathlib import Path
import psutil
from tests.conformance.test_robustness import CPU, noise, outcomes
for name in CPU:
    for outcome in outcomes(name, noise(30), Path(sys.argv[1])):
        assert outcome.status != "failed", outcome
assert "torch" not in sys.modules and "transformers" not in sys.modules, "torch was imported"
print(psutil.Process().num_threads())
"""


def test_cpu_analyses_have_one_thread_and_never_import_torch(tmp_path: Path) -> None:
    """Not even one that tells the makers of ONNX Runtime what is run."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, "-c", CPU_WORKER, str(tmp_path)]
    done = subprocess.run(argv, cwd=PROJECT, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"
