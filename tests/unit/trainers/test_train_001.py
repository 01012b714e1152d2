"""``python train.py`` as [001] writes it, and what it writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli.__main__ import run
from earshot.analysis.types import Release
from earshot.models.metadata import WindowedMetadata
from earshot.models.onnx_model import open_model
from earshot.models.runtimes import open_release
from earshot.settings import settings
from evaluation import label_map, manifest
from tests.unit.trainers.recorded import ended, started, tones
from training.trainers import trained

torch = pytest.importorskip("torch")
pytest.importorskip("coremltools")
pytestmark = pytest.mark.ml

LABELS = ("happy", "sad", "angry", "surprised", "neutral")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tones(tmp_path_factory.mktemp("data"), LABELS)


@pytest.fixture(scope="module")
def out(data: Path) -> Path:
    where = data / "outputs"
    printed = ended(
        started("--data_dir", data, "--csv_path", data / "labels.csv", "--epochs", 12, "--lr",
                0.005, "--early_stopping_patience", 12, "--output_dir", where)
    )  # fmt: skip
    assert "training" in printed
    return where


def test_it_writes_the_files_of_001(out: Path) -> None:
    for name in ("best_model.pth", "emotion_classifier.onnx", "EmotionClassifier.mlmodel",
                 "EmotionClassifier.mlpackage", "confusion_matrix.png", "training_history.json",
                 "model_config.json", "trained.json", "holdout.jsonl"):  # fmt: skip
        assert (out / name).exists(), name
    history = json.loads((out / "training_history.json").read_text())
    assert {len(each) for each in history.values()} == {12}
    config = json.loads((out / "model_config.json").read_text())
    assert config["labels"] == list(LABELS)
    assert 40_000 <= config["parameters"] <= 55_000
    assert len(config["mean"]) == len(config["std"]) == 64


def test_onnx_and_core_ml_agree_with_torch(out: Path) -> None:
    from training.fitting.nets import EmotionNet
    from training.trainers.coreml import evaluated

    net = EmotionNet(5)
    net.load_state_dict(torch.load(out / "best_model.pth", weights_only=True)["weights"])
    windows = np.random.default_rng(1).normal(0, 1.5, (5, 64, 100)).astype(np.float32)
    windows[1] = np.round(windows[1])
    with torch.no_grad():
        wanted = net.eval()(torch.from_numpy(windows)).numpy()
    onnx = open_model(release(out), settings())
    assert np.abs(onnx.run(windows)["emotion_logits"] - wanted).max() < 1e-4
    for name in ("EmotionClassifier.mlmodel", "EmotionClassifier.mlpackage"):
        model = evaluated.opened(out / name)
        assert model.inputs == {"log_mel_spectrogram": (1, 64, 100)}
        assert model.outputs == {"emotion_logits": (1, 5)}
        assert json.loads(model.metadata["labels"]) == list(LABELS)
        found = [model.run({"log_mel_spectrogram": each[None]}) for each in windows]
        logits = np.concatenate([each["emotion_logits"] for each in found])
        assert np.abs(logits - wanted).max() < 1e-4


def release(out: Path) -> Release:
    found = trained.read(out)
    return Release(
        analysis=found.analysis,
        name="new",
        runtime=found.runtime,
        uri=str(out / found.checkpoint),
        sha256=found.sha256,
        labels=found.labels,
    )


def test_a_worker_opens_it_and_it_has_learnt(out: Path, data: Path) -> None:
    from training.data.datasets import waveform

    model = open_release(release(out), "cpu", settings())
    rows = manifest.read(out / "holdout.jsonl")
    mapping = label_map.read("emotion")
    assert rows
    right = [
        LABELS[int(model.shares([waveform(Path(row.path))])[0].argmax())]
        == mapping.truth(row).label
        for row in rows
    ]
    assert np.mean(right) > 0.8
    metadata = open_model(release(out), settings()).metadata(WindowedMetadata)
    assert metadata.labels == LABELS
    speakers = {row.path.rsplit("-", 2)[1] for row in rows}
    config = json.loads((out / "training_history.json").read_text())
    assert len(speakers) == 1, "a whole voice is held out"
    assert config["val_loss"][-1] < config["val_loss"][0]


def test_the_same_command_returns_the_result_and_another_is_refused(
    out: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (out / "trained.json").read_bytes()
    command = ["train", "emotion-001", "--data_dir", str(data), "--output_dir", str(out)]
    command += ["--epochs", "12", "--early_stopping_patience", "12", "--lr"]
    assert run([*command, "0.005"]) == 0
    assert "val_acc" in capsys.readouterr().out
    assert run([*command, "0.02"]) == 2
    assert "options.lr is 0.005 there, 0.02 here" in capsys.readouterr().err
    assert (out / "trained.json").read_bytes() == before
