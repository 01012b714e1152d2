"""The noise classifier of [004]: classify, train, export (004-05)."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.noise import exports, network, opened
from earshot.noise.answer import Answer, answered
from earshot.noise.config import AudioFeatureConfig, InferenceConfig, ModelConfig, TrainingConfig
from earshot.noise.dataset import NoiseDataset
from earshot.noise.network import TRAINED, Network
from earshot.noise.opened import Opened
from earshot.noise.sound import checked
from earshot.noise.trainer import History, NoiseClassifierTrainer


class NoiseClassifierService:
    """Classifies audio into the 58 categories. Without ``model_path`` the network is untrained, and
    every answer has ``trained: False``. An ``.onnx`` export runs without torch; ``.pth`` and
    ``.pt`` files need it.

    Raises:
        FileNotFoundError: there is no such model; the message gives the remedy.
        Misconfigured: the file is not a model of this service, or torch has no such device.
    """

    def __init__(
        self,
        model_path: str | Path | None = None,
        config: InferenceConfig | None = None,
        *,
        model: ModelConfig | None = None,
        features: AudioFeatureConfig | None = None,
    ) -> None:
        self.config = config or InferenceConfig(model_path=model_path)
        if model_path is not None and self.config.model_path is None:
            self.config = InferenceConfig(model_path, self.config.device, self.config.return_top_k)
        self.model = model or ModelConfig()
        self.features = features or AudioFeatureConfig()
        self._network: Network | None = None
        self._opened: Opened | None = None
        if self.config.model_path is not None:
            self._open(_existing(self.config.model_path))

    def classify(
        self,
        audio: NDArray[np.floating[Any]],
        sample_rate: int = 48_000,
        return_top_k: int | None = None,
    ) -> dict[str, Any]:
        """Classifies audio (004-14). Windows overlap by half and are averaged (C-10).

        Args:
            audio: float in [-1, 1], shape (samples,) or (channels, samples); channels are mixed.
        Returns:
            ``predicted_class``, ``confidence``, ``probabilities``, ``top_k``; ``model_version``,
                ``trained``, and ``bandwidth_limited``: the sound was recorded below 32 kHz, which
                cuts off the band of some categories (C-08).
        """
        wanted = self.config.return_top_k if return_top_k is None else return_top_k
        return self.answer(audio, sample_rate).canonical(wanted)

    def answer(self, audio: NDArray[np.floating[Any]], sample_rate: int) -> Answer:
        """Classifies audio; returns an object, for adapters."""
        model = self._opened or opened.of_network(self.network, self.config.device)
        return answered(
            model.labels, model.shares(checked(audio), sample_rate), model.version, sample_rate
        )

    def train(
        self,
        train_dataset: NoiseDataset,
        val_dataset: NoiseDataset,
        config: TrainingConfig | None = None,
    ) -> History:
        """Trains the network, calibrates it on the validation data, and keeps it as this service's
        model (004-15), and as ``best_model.pth``, which ``model_path`` accepts.

        Returns:
            ``train_loss``, ``train_acc``, ``val_loss``, ``val_acc``, one value an epoch.
        Raises:
            Misconfigured: the data has more or fewer categories than the network has outputs.
        """
        from earshot.models.calibration import calibrate

        learner = self.network
        learner.labels = _same_number(train_dataset.categories, learner.labels)
        items = [train_dataset[i][0] for i in range(len(train_dataset))]
        learner.module.fitted(_stacked(items))
        kept = replace(learner, version=TRAINED)
        trainer = NoiseClassifierTrainer(
            learner.module, config, lambda path: network.save(kept, path)
        )
        history = trainer.train(train_dataset, val_dataset)
        learner.module.to("cpu")
        judged = [val_dataset[i] for i in range(len(val_dataset))]
        truth = np.array([label for _, label in judged])
        learner.temperature = calibrate(
            truth, learner.logits(_stacked([item for item, _ in judged])), np.arange(len(truth))
        )
        learner.version = TRAINED
        network.save(learner, trainer.best)  # calibrated now
        self._opened = opened.of_network(learner, self.config.device)
        return history

    def save(self, path: str | Path) -> Path:
        """Writes a ``.pth`` that this service can open to continue training."""
        network.save(self.network, Path(path))
        return Path(path)

    def export(self, output_path: str | Path, format: str = "onnx") -> Path:
        """Writes the model as ``onnx`` or ``torchscript``; its metadata holds labels, features and
        measured parity (004-16)."""
        exports.write(self.network, Path(output_path), format)
        return Path(output_path)

    @property
    def network(self) -> Network:
        """The torch network, created at first use.

        Raises:
            ValueError: the service runs on an export, which cannot be trained or exported again.
        """
        if self._network is None:
            if self._opened is not None:
                raise ValueError(
                    f"{self.config.model_path} is an export; train or export from the .pth that it"
                    " was made of"
                )
            self._network = network.untrained(self.model, self.features)
        return self._network

    def _open(self, path: Path) -> None:
        if path.suffix == ".onnx":
            if str(self.config.device) != "cpu":
                warnings.warn(
                    f"{path.name} computes on the CPU, not on {self.config.device}: ONNX does here",
                    stacklevel=3,
                )
            self._opened = opened.of_onnx(path)
        elif path.suffix == ".pt":
            self._opened = opened.of_script(path, self.config.device)
        else:
            self._network = network.load(path)
            self._opened = opened.of_network(self._network, self.config.device)


def _existing(path: str | Path) -> Path:
    found = Path(path)
    if not found.is_file():
        raise FileNotFoundError(
            f"{found}: there is no such model; check the path, give an absolute one, or set"
            " ML_MODEL_V2_PATH. Without model_path the service starts with an untrained network"
        )
    return found.resolve()


def _same_number(categories: tuple[str, ...], outputs: tuple[str, ...]) -> tuple[str, ...]:
    if len(categories) != len(outputs):
        raise Misconfigured(
            "categories",
            f"the data has {len(categories)} categories, the network {len(outputs)} outputs; set"
            f" ModelConfig.num_classes to {len(categories)}",
        )
    return categories


def _stacked(items: list[Any]) -> Any:
    from earshot.noise.torch_extractor import imported

    return imported().stack(items)
