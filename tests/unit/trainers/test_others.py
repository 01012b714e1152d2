"""Trainers of noise, scene, sentiment and voices: what they write opens as a release."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.runtimes import open_release
from earshot.noise import NoiseClassifierService
from earshot.settings import PROJECT, settings
from evaluation import label_map, manifest
from tests.unit.trainers.recorded import RATE, tones, write
from training.data.datasets import waveform
from training.trainers import trained
from training.trainers.options import Options
from training.trainers.run import train
from training.trainers.trained import Trained
from training.trainers.watch import Report, Watch

pytestmark = pytest.mark.ml
SPEECH = PROJECT.parent / "shared" / "data" / "speaker" / "librispeech_train-clean-100"
needs_extra = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import torch, sklearn, skl2onnx"], check=False,
                   capture_output=True).returncode != 0,
    reason="the train extra is not installed",
)  # fmt: skip


def opened(out: Path) -> object:
    found = trained.read(out)
    release = Release(
        analysis=found.analysis,
        name="new",
        runtime=found.runtime,
        uri=str(out / found.checkpoint),
        sha256=found.sha256,
        labels=found.labels,
    )
    return open_release(release, "cpu", settings())


def made(model: str, data: Path, out: Path, **options: object) -> tuple[Trained, list[Report]]:
    reports: list[Report] = []
    given = Options(**{"epochs": 2, "holdout": 0.2, **options})
    return train(model, data, out, given, Watch(reports.append)), reports


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tones(tmp_path_factory.mktemp("noises"), ("dog_barking", "rain_heavy", "hvac_fan"))


@needs_extra
def test_a_head_of_noise_is_a_release_and_a_model_path(noises: Path, tmp_path: Path) -> None:
    found, reports = made("noise", noises, tmp_path)
    assert set(found.labels) == {"dog_barking", "rain_heavy", "hvac_fan", "silence"}
    assert found.base is not None
    assert found.base.name.startswith("noise-embedded")
    assert found.base.part == "trunk"
    assert any("does not know (--extend keeps them): white_noise" in str(r) for r in reports)
    service = NoiseClassifierService(model_path=tmp_path / "noise.onnx")
    rows = manifest.read(tmp_path / found.holdout)
    truth = [label_map.read("noise").truth(row).label for row in rows]
    answers = [service.classify(waveform(Path(row.path)), RATE) for row in rows]
    right = [a["predicted_class"] == t for a, t in zip(answers, truth, strict=True)]
    assert np.mean(right) > 0.6
    assert all(answer["trained"] for answer in answers)
    line = np.random.default_rng(0).normal(0, 2e-4, 2 * RATE).astype(np.float32)
    assert service.classify(line, RATE)["predicted_class"] == "silence"
    opened(tmp_path)


@needs_extra
def test_labels_that_would_vanish_are_kept_if_that_is_wanted(noises: Path, tmp_path: Path) -> None:
    found, _ = made("noise", noises, tmp_path, extend=True, holdout=0.3)
    assert {"white_noise", "mixed_noise", "hvac_fan"} <= set(found.labels)
    assert found.base
    assert found.base.part == "whole"
    service = NoiseClassifierService(model_path=tmp_path / "noise.onnx")
    rows = manifest.read(tmp_path / found.holdout)
    right = [
        service.classify(waveform(Path(row.path)), RATE)["predicted_class"]
        == label_map.read("noise").truth(row).label
        for row in rows
    ]
    assert np.mean(right) > 0.5, "new recordings are not taken by kept labels"
    noise = (0.1 * np.random.default_rng(0).standard_normal(3 * RATE)).astype(np.float32)
    assert service.classify(noise, RATE)["predicted_class"] == "white_noise"
    again, _ = made("noise", noises, tmp_path / "again", extend=True, base=str(tmp_path))
    assert set(again.labels) == set(found.labels)


@needs_extra
def test_a_whole_network_of_noise_opens_as_both_files(noises: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    found, _ = made("noise", noises, tmp_path, architecture="efficientnet_tiny")
    assert "silence" in found.labels
    sound = (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)
    answers = [
        NoiseClassifierService(model_path=tmp_path / name).classify(sound, RATE)["probabilities"]
        for name in ("noise.onnx", "best_model.pth")
    ]
    assert answers[0] == pytest.approx(answers[1], abs=1e-3)
    opened(tmp_path)


@needs_extra
def test_scene_always_knows_silence(tmp_path: Path) -> None:
    found, _ = made("scene", tones(tmp_path / "data", ("music", "noise")), tmp_path / "out")
    assert found.labels == ("music", "noise", "silence")
    shares = opened(tmp_path / "out").scores(np.zeros(2 * RATE, np.float32) + 1e-6, RATE)  # type: ignore[attr-defined]
    assert shares.mean(axis=0).argmax() == found.labels.index("silence")


@needs_extra
def test_sentiment_needs_its_three_labels(tmp_path: Path) -> None:
    data = tones(tmp_path / "two", ("negative", "positive"))
    with pytest.raises(Misconfigured, match="no recording is labelled neutral"):
        made("sentiment", data, tmp_path / "out")
    data = tones(tmp_path / "three", ("negative", "neutral", "positive"), speakers=3)
    found, _ = made("sentiment", data, tmp_path / "out")
    assert found.labels == ("negative", "neutral", "positive")
    opened(tmp_path / "out")


@needs_extra
def test_voices_without_speech_are_named(tmp_path: Path) -> None:
    for voice in range(16):
        time = np.arange(2 * RATE) / RATE
        write(tmp_path / f"anna {voice}" / "1.wav", 0.1 * np.sin(600 * (voice + 5) * time))
    with pytest.raises(Misconfigured, match=r"no speech was found in anna \d+/1.wav"):
        made("voices", tmp_path, tmp_path.with_name("out"), epochs=1)


@needs_extra
@pytest.mark.corpus
@pytest.mark.skipif(not SPEECH.is_dir(), reason="the recorded speech is not here")
def test_voices_are_trained_by_speaker(tmp_path: Path) -> None:
    files = sorted(SPEECH.rglob("*.ogg"))[:18]
    rows = [f"{path.resolve()},{path.stem.split('-')[0]}" for path in files]
    (tmp_path / "labels.csv").write_text("\n".join(["path,label", *rows]) + "\n")
    found, _ = made("voices", tmp_path, tmp_path / "out", epochs=1)
    assert (found.analysis, found.labels) == ("diarization", ())
    (row, *_) = manifest.read(tmp_path / "out" / found.holdout)
    assert Path(str(row.rttm)).read_text().startswith("SPEAKER conversation-0 1 ")
    opened(tmp_path / "out")


def test_without_torch_the_command_names_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from cli.__main__ import run\n"
        f"sys.exit(run(['train', 'noise', {str(tmp_path)!r}, '--out', {str(tmp_path / 'o')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install -r requirements/train.txt" in done.stderr
