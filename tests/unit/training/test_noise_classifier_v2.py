"""The noise classifier of [004]: its names, defaults and shapes, and a network that really
learns."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import soundfile

from earshot import noise
from earshot.analysis.errors import Misconfigured
from earshot.analysis.noise_labels import NOISE_CATEGORIES
from earshot.analysis.types import Release
from earshot.audio.clip import Clip
from earshot.audio.features.windows import windows
from earshot.models.checkpoints.location import MODELS, sha256
from earshot.noise.answer import Answer, family
from earshot.noise.lambda_handler import handler, service
from earshot.settings import Settings, settings
from tests.chunks import chunk, stored
from workers import noise as worker

pytestmark = pytest.mark.ml

CLASSES = ("tone", "hiss")
SMALL = noise.AudioFeatureConfig(
    sample_rate=16_000, n_fft=512, hop_length=128, n_mels=64, spectrogram_height=64, n_mfcc=40
)
RATE = SMALL.sample_rate
EMBEDDED = MODELS / "embedded" / "noise.onnx"
TINY = noise.ModelConfig(
    num_classes=len(CLASSES), architecture="efficientnet_tiny", pretrained=False, dropout=0.1
)


def sound(kind: str, seed: int, seconds: float = 1.2, rate: int = RATE) -> np.ndarray:
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    waves = (
        np.sin(2 * np.pi * random.uniform(300, 3000) * time)
        if kind == "tone"
        else random.standard_normal(len(time))
    )
    return (random.uniform(0.05, 0.3) * waves).astype(np.float32)


def folder_of(path: Path, each: int, seed: int) -> Path:
    for kind in CLASSES:
        (path / kind).mkdir(parents=True)
        for i in range(each):
            soundfile.write(path / kind / f"{i}.wav", sound(kind, 100 * seed + i), RATE)
    return path


class TestNoiseClassifierModules:
    """What [004] promises that needs no torch."""

    def test_stated_defaults(self) -> None:
        features, model, training = (
            noise.AudioFeatureConfig(),
            noise.ModelConfig(),
            noise.TrainingConfig(),
        )
        assert (features.sample_rate, features.n_fft, features.hop_length) == (48_000, 2048, 512)
        assert (features.n_mels, features.n_mfcc) == (128, 40)
        assert (
            features.spectrogram_height,
            features.spectrogram_width,
            features.enable_augmentation,
        ) == (128, 128, True)
        assert (model.num_classes, model.dropout, model.pretrained, model.architecture) == (
            58,
            0.3,
            True,
            "efficientnet_b3",
        )
        assert (
            training.num_epochs,
            training.batch_size,
            training.learning_rate,
            training.weight_decay,
        ) == (50, 32, 1e-4, 1e-5)
        assert (training.early_stopping_patience, training.device, training.checkpoint_dir) == (
            15,
            "cpu",
            "checkpoints",
        )
        assert noise.InferenceConfig() == noise.InferenceConfig(
            model_path=None, device="cpu", return_top_k=5
        )

    def test_labels_are_derived_and_not_counted_by_hand(self) -> None:
        assert NOISE_CATEGORIES[:58] == noise.NOISE_CATEGORIES_V2
        assert len(NOISE_CATEGORIES) == 59
        assert (
            noise.NUM_CLASSES_V2
            == len(noise.NOISE_CATEGORIES_V2)
            == noise.ModelConfig().num_classes
        )

    def test_importing_and_constructing_needs_no_torch(self) -> None:
        with patch("earshot.noise.torch_extractor._torch") as torch:
            torch.cuda.is_available.return_value = False
            noise.NoiseClassifierService()
        code = (
            "import sys; from earshot.noise import *; NoiseClassifierService();"
            " MLService().classifier; sys.exit('torch' in sys.modules or 'transformers' in"
            " sys.modules)"
        )
        subprocess.run(
            [
                sys.executable,
                "-c",
                code.replace("import *", "import MLService, NoiseClassifierService"),
            ],
            check=True,
        )

    def test_a_wrong_path_says_what_to_do(self) -> None:
        with pytest.raises(FileNotFoundError, match="ML_MODEL_V2_PATH"):
            noise.NoiseClassifierService(model_path="nowhere/noise_classifier_v2.pth")

    def test_one_second_fills_one_window_and_longer_sound_slides_by_half(self) -> None:
        spec = noise.AudioFeatureConfig().window()
        seconds = np.random.default_rng(0).standard_normal(4 * 48_000).astype(np.float32) * 0.1
        assert windows(seconds[:48_000], 48_000, spec).shape == (1, 128, 128)
        assert windows(seconds, 48_000, spec).shape == (5, 128, 128)
        assert spec.hop * 2 == spec.length

    @pytest.mark.parametrize(("label", "group"), [
        ("office_busy", "office"), ("traffic_rural", "traffic"), ("music_bass", "music"),
        ("train_station", "train_station"), ("train_interior", "train_interior"),
        ("silence", "silence"), ("wind_up", "wind_up"),
    ])  # fmt: skip
    def test_families(self, label: str, group: str) -> None:
        assert family(label) == group

    def test_families_are_summed_and_the_fine_label_is_kept(self) -> None:
        answer = Answer({"office_quiet": 0.3, "office_busy": 0.3, "subway": 0.4}, "v2", 48_000)
        assert answer.grouped() == {
            "noise_type": "office", "confidence": 0.6,
            "all_predictions": {"office": 0.6, "subway": 0.4},
        }  # fmt: skip
        assert answer.canonical(2)["predicted_class"] == "subway"
        assert answer.canonical(2)["top_k"] == [("subway", 0.4), ("office_quiet", 0.3)]

    def test_ml_service_answers_in_both_shapes(self, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "a.wav", sound("hiss", 1, 2.0), RATE)
        answer = noise.MLService().classify_noise(
            base64.b64encode((tmp_path / "a.wav").read_bytes()).decode()
        )
        assert {
            "predicted_class",
            "probabilities",
            "top_k",
            "noise_type",
            "all_predictions",
            "model_version",
        } <= set(answer)
        assert sum(answer["probabilities"].values()) == pytest.approx(1)
        assert sum(answer["all_predictions"].values()) == pytest.approx(1, abs=1e-3)
        assert answer["bandwidth_limited"]
        raw = base64.b64encode(sound("hiss", 1, 2.0).astype("<f4").tobytes()).decode()
        same = noise.MLService().classify_noise(audio_data=raw, sample_rate=RATE)
        assert same["predicted_class"] == answer["predicted_class"]

    def test_the_lambda_handler_answers_and_explains(self, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "a.flac", sound("hiss", 1, 2.0, 48_000), 48_000)
        good = handler(
            {"audio_base64": base64.b64encode((tmp_path / "a.flac").read_bytes()).decode()}
        )
        assert good["statusCode"] == 200
        assert not json.loads(good["body"])["bandwidth_limited"]
        assert handler({}) == {
            "statusCode": 400,
            "body": '{"error": "the event needs audio_base64"}',
        }
        for bad in ("%%%", "", base64.b64encode(b"RIFF").decode()):
            assert handler({"audio_base64": bad})["statusCode"] == 400

    def test_the_lambda_handler_takes_the_blame_for_its_own_faults(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audio = base64.b64encode(sound("hiss", 1).astype("<f4").tobytes()).decode()
        event = {"audio_base64": audio, "sample_rate": RATE}
        service.cache_clear()
        for path, said in (
            (tmp_path / "gone.onnx", "there is no such model"),
            (EMBEDDED.with_name("sentiment.onnx"), "its metadata lacks"),
        ):
            monkeypatch.setenv("ML_MODEL_V2_PATH", str(path))
            settings.cache_clear()
            reply = handler(event)
            assert (reply["statusCode"], said in json.loads(reply["body"])["error"]) == (
                500,
                True,
            ), reply
        monkeypatch.delenv("ML_MODEL_V2_PATH")
        settings.cache_clear()
        assert handler(event)["statusCode"] == 200
        assert handler({**event, "sample_rate": "fast"})["statusCode"] == 400

    def test_a_path_may_hold_a_colon(self, tmp_path: Path) -> None:
        path = tmp_path / "v2: quiet" / "noise.onnx"
        path.parent.mkdir()
        shutil.copy(EMBEDDED, path)
        here, there = (
            noise.NoiseClassifierService(model_path=each).classify(sound("hiss", 1), RATE)
            for each in (path, EMBEDDED)
        )
        assert here["probabilities"] == there["probabilities"]

    def test_an_onnx_file_says_that_it_computes_on_the_cpu(self) -> None:
        with pytest.warns(UserWarning, match="computes on the CPU, not on cuda"):
            noise.NoiseClassifierService(config=noise.InferenceConfig(EMBEDDED, "cuda"))

    def test_the_model_path_has_its_own_name_in_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert Settings().ml_model_v2_path is None
        monkeypatch.setenv("ML_MODEL_V2_PATH", "/opt/ml/models/noise_classifier_v2.pth")
        assert Settings().ml_model_v2_path == Path("/opt/ml/models/noise_classifier_v2.pth")

    def test_folders_of_sound_say_what_is_wrong_with_them(self, tmp_path: Path) -> None:
        with pytest.raises(Misconfigured, match=r"neither labels\.csv"):
            noise.NoiseDataset.from_folder(tmp_path)
        soundfile.write(tmp_path / "a.wav", sound("hiss", 1), RATE)
        (tmp_path / "labels.csv").write_text("path,label\na.wav,white_noise\n")
        data = noise.NoiseDataset.from_folder(tmp_path)
        assert (data.files, data.labels) == ([tmp_path / "a.wav"], [0])
        (tmp_path / "labels.csv").write_text("path,label\na.wav,whitenoise\n")
        with pytest.raises(Misconfigured, match="whitenoise is no category"):
            noise.NoiseDataset.from_folder(tmp_path)

    def test_augmentation_needs_both_switches(self, tmp_path: Path) -> None:
        off = noise.AudioFeatureConfig(enable_augmentation=False)
        for asked, config, expected in (
            (True, None, True),
            (False, None, False),
            (True, off, False),
        ):
            assert noise.NoiseDataset([], [], augment=asked, config=config).augment is expected


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A narrow EfficientNet that has learned tones and hiss, its history and its data."""
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("noise")
    data = {}
    for seed, (name, each) in enumerate((("train", 24), ("val", 8))):
        where = folder_of(folder / name, each, seed)
        data[name] = noise.NoiseDataset.from_folder(
            where, augment=name == "train", config=SMALL, categories=CLASSES
        )
    service = noise.NoiseClassifierService(model=TINY, features=SMALL)
    before = service.classify(sound("tone", 999), RATE)
    config = noise.TrainingConfig(
        num_epochs=12, batch_size=6, learning_rate=1e-3, checkpoint_dir=str(folder / "kept")
    )
    history = service.train(data["train"], data["val"], config)
    return {"service": service, "history": history, "before": before, "folder": folder, **data}


class TestNoiseClassifierTraining:
    """What needs torch: the train extra."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("transformers")

    def test_an_untrained_network_answers_and_says_so(self, trained: dict[str, Any]) -> None:
        assert (trained["before"]["model_version"], trained["before"]["trained"]) == (
            "untrained",
            False,
        )
        assert sum(trained["before"]["probabilities"].values()) == pytest.approx(1)

    def test_it_learns(self, trained: dict[str, Any]) -> None:
        history = trained["history"]
        assert set(history) == {"train_loss", "train_acc", "val_loss", "val_acc"}
        assert len({len(values) for values in history.values()}) == 1
        assert min(history["val_loss"]) < 0.4 < history["train_loss"][0]
        assert (trained["folder"] / "kept" / "best_model.pth").is_file()
        for kind in CLASSES:
            answers = [
                trained["service"].classify(sound(kind, 500 + i, 3.0), RATE, return_top_k=1)
                for i in range(5)
            ]
            assert sum(answer["predicted_class"] == kind for answer in answers) >= 4
            assert all(answer["trained"] and len(answer["top_k"]) == 1 for answer in answers)

    @pytest.mark.parametrize(("name", "form"), [("n.onnx", "onnx"), ("n.pt", "torchscript")])
    def test_an_export_answers_the_same_and_records_its_parity(
        self, trained: dict[str, Any], name: str, form: str
    ) -> None:
        path = trained["service"].export(trained["folder"] / name, format=form)
        again = noise.NoiseClassifierService(model_path=path)
        for kind in CLASSES:
            here, there = (
                each.classify(sound(kind, 7, 4.0), RATE) for each in (trained["service"], again)
            )
            assert there["predicted_class"] == here["predicted_class"]
            assert there["probabilities"] == pytest.approx(here["probabilities"], abs=2e-3)
            assert there["model_version"] == "v2"
        assert described(path)["parity"]["greatest_difference"] <= 1e-3
        with pytest.raises(ValueError, match="is an export"):
            again.export(trained["folder"] / "again.onnx")

    def test_a_saved_network_is_the_same_network(self, trained: dict[str, Any]) -> None:
        path = trained["service"].save(trained["folder"] / "noise_classifier_v2.pth")
        again = noise.NoiseClassifierService(config=noise.InferenceConfig(model_path=path))
        assert again.classify(sound("tone", 3), RATE) == trained["service"].classify(
            sound("tone", 3), RATE
        )

    def test_the_best_epoch_that_training_kept_is_a_model(self, trained: dict[str, Any]) -> None:
        again = noise.NoiseClassifierService(
            model_path=trained["folder"] / "kept" / "best_model.pth"
        )
        assert again.classify(sound("tone", 3), RATE) == trained["service"].classify(
            sound("tone", 3), RATE
        )

    @pytest.mark.parametrize("name", ["n.pth", "n.pt"])
    def test_the_device_is_the_one_that_was_asked_for_or_refused(
        self, name: str, tmp_path: Path
    ) -> None:
        import torch

        first = noise.NoiseClassifierService(model=TINY, features=SMALL)
        path = (
            first.save(tmp_path / name)
            if name == "n.pth"
            else first.export(tmp_path / name, format="torchscript")
        )
        with (
            pytest.raises(Misconfigured, match="there is no device tpu"),
            pytest.warns(DeprecationWarning, match="V2"),
        ):
            noise.NoiseClassifierV2(path, "tpu")
        if torch.cuda.is_available():
            there = noise.NoiseClassifierService(config=noise.InferenceConfig(path, "cuda"))
            here = first.classify(sound("hiss", 1), RATE)["probabilities"]
            assert there.classify(sound("hiss", 1), RATE)["probabilities"] == pytest.approx(
                here, abs=1e-3
            )
            assert torch.cuda.max_memory_allocated() > 0
        else:
            with pytest.raises(Misconfigured, match="torch sees no CUDA device; set it to cpu"):
                noise.NoiseClassifierService(config=noise.InferenceConfig(path, "cuda"))

    def test_the_worker_serves_an_export(self, trained: dict[str, Any], tmp_path: Path) -> None:
        path = trained["service"].export(trained["folder"] / "served.onnx")
        samples = sound("hiss", 11, 20.0)
        ref = chunk(20_000, audio_uri=stored(tmp_path / "a.pcm", samples), native_rate=48_000)
        (answer,) = worker.analyze(worker.load(release(path), "cpu"), [Clip(ref)])
        assert (answer.label, answer.coverage, answer.bandwidth_limited) == ("hiss", CLASSES, False)

    def test_the_worker_resamples_for_a_network_of_48_kilohertz(self, tmp_path: Path) -> None:
        features = noise.AudioFeatureConfig(n_mels=64, spectrogram_height=64)
        service = noise.NoiseClassifierService(model=TINY, features=features)
        service.network.version = "v2"
        path = service.export(tmp_path / "wide.onnx")
        samples = sound("hiss", 11, 3.0)
        ref = chunk(3_000, audio_uri=stored(tmp_path / "a.pcm", samples))
        (answer,) = worker.analyze(worker.load(release(path), "cpu"), [Clip(ref)])
        alone = noise.NoiseClassifierService(model_path=path).classify(samples, RATE)
        assert answer.scores == pytest.approx(alone["probabilities"], abs=0.02)

    def test_ml_service_uses_v2_where_there_is_one(self, trained: dict[str, Any]) -> None:
        path = trained["service"].export(trained["folder"] / "service.onnx")
        audio = base64.b64encode(sound("tone", 21, 2.0).astype("<f4").tobytes()).decode()
        answer = noise.MLService(path).classify_noise(audio, sample_rate=RATE)
        assert (answer["model_version"], answer["noise_type"]) == ("v2", answer["predicted_class"])

    def test_the_worker_refuses_an_untrained_export(self, tmp_path: Path) -> None:
        path = noise.NoiseClassifierService(model=TINY, features=SMALL).export(tmp_path / "n.onnx")
        with pytest.raises(Misconfigured, match="before it was trained"):
            worker.load(release(path), "cpu")

    def test_the_default_network_is_b3(self) -> None:
        from earshot.noise.nets import EfficientNetNoise

        net = EfficientNetNoise()
        assert sum(weight.numel() for weight in net.parameters()) == 10_785_378

    def test_the_perceptron_learns_statistics_of_cepstral_coefficients(
        self, trained: dict[str, Any], tmp_path: Path
    ) -> None:
        train, val = (
            noise.NoiseDataset(
                trained[name].files,
                trained[name].labels,
                config=SMALL,
                categories=CLASSES,
                features="statistics",
            )
            for name in ("train", "val")
        )
        assert train[0][0].shape == (200,)
        model = noise.CustomNoiseClassifier(200, 5)
        config = noise.TrainingConfig(
            num_epochs=6, learning_rate=1e-3, checkpoint_dir=str(tmp_path)
        )
        history = noise.NoiseClassifierTrainer(model, config).train(train, val)
        assert max(history["val_acc"]) >= 0.9

    def test_features_on_torch_are_those_of_the_workers(self) -> None:
        for config, rate in ((SMALL, RATE), (noise.AudioFeatureConfig(), 48_000)):
            for seconds in (0.01, 0.8, 3.3):
                samples = sound("hiss", 2, seconds, rate)
                heard = noise.TorchAudioFeatureExtractor(config).extract_windows(samples).numpy()
                np.testing.assert_allclose(
                    heard, windows(samples, rate, config.window()), atol=2e-3
                )

    def test_old_names_still_work_and_warn(self, trained: dict[str, Any]) -> None:
        path = trained["service"].export(trained["folder"] / "old.onnx")
        with pytest.warns(DeprecationWarning, match="NoiseClassifierService"):
            old = noise.NoiseClassifierV2(model_path=path, device="cpu")
        assert old.classify(sound("tone", 5), sample_rate=RATE, return_top_k=2)["top_k"]
        with pytest.warns(DeprecationWarning, match="TorchAudioFeatureExtractor"):
            extractor = noise.AudioFeatureExtractor(noise.AudioFeatureConfig())
        assert extractor.extract_mel_spectrogram(sound("tone", 5, 1.0, 48_000)).shape == (128, 128)


def release(path: Path) -> Release:
    return Release(analysis="noise", name="n", runtime="onnx", uri=str(path), sha256=sha256(path))


def described(path: Path) -> dict[str, Any]:
    if path.suffix == ".pt":
        from earshot.noise.exports import read_torchscript

        return read_torchscript(path)[1]
    import onnxruntime

    found = onnxruntime.InferenceSession(str(path)).get_modelmeta().custom_metadata_map
    return {key: json.loads(value) for key, value in found.items()}
