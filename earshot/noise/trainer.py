"""Trains a torch module on labelled windows with early stopping, keeping the best epoch."""

from collections.abc import Callable, Sized
from pathlib import Path
from typing import Any, Protocol

from earshot.analysis.errors import Permanent
from earshot.compute.device import out_of_memory
from earshot.noise.config import TrainingConfig
from earshot.noise.torch_extractor import imported

History = dict[str, list[float]]

BEST = "best_model.pth"
WEIGHTS = "weights"


class Labelled(Sized, Protocol):
    """Items of features and label: ``NoiseDataset``, or any map-style torch data set."""

    def __getitem__(self, index: int) -> tuple[Any, int]: ...


class NoiseClassifierTrainer:
    """Trains any module that takes the data set's features: the service's own network, or
    ``CustomNoiseClassifier(200, 5)``."""

    def __init__(
        self,
        model: Any,
        config: TrainingConfig | None = None,
        save: Callable[[Path], None] | None = None,
    ) -> None:
        """Creates a trainer.

        Args:
            save: writes the module at its best, under the key ``weights``; default: only the
                weights.
        """
        self.model = model
        self.config = config or TrainingConfig()
        self._save = save or (
            lambda path: imported().save({WEIGHTS: self.model.state_dict()}, path)
        )

    @property
    def best(self) -> Path:
        """Path of the checkpoint of the epoch with the lowest validation loss."""
        return Path(self.config.checkpoint_dir) / BEST

    def train(self, train_dataset: Labelled, val_dataset: Labelled) -> History:
        """Trains with AdamW on cross entropy; the module ends with the weights of the epoch that
        had the lowest validation loss.

        Returns:
            ``train_loss``, ``train_acc``, ``val_loss``, ``val_acc``, one value an epoch.
        Raises:
            Permanent: ``device_memory``, a batch does not fit.
        """
        try:
            return self._trained(train_dataset, val_dataset)
        except Exception as error:
            if not out_of_memory(error):
                raise
            size = self.config.batch_size
            raise Permanent(
                "device_memory",
                f"a batch of {size} does not fit into memory; set batch_size to"
                f" {max(size // 2, 1)}",
            ) from error

    def _trained(self, train_dataset: Labelled, val_dataset: Labelled) -> History:
        torch = imported()
        config, history = self.config, History(train_loss=[], train_acc=[], val_loss=[], val_acc=[])
        torch.manual_seed(config.seed)
        self.model.to(config.device)
        optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        batches = {
            "batch_size": config.batch_size,
            "generator": torch.Generator().manual_seed(config.seed),
        }
        self.best.parent.mkdir(parents=True, exist_ok=True)
        for epoch in range(config.num_epochs):
            for name, data, learner in (
                ("train", train_dataset, optimiser),
                ("val", val_dataset, None),
            ):
                loader = torch.utils.data.DataLoader(data, shuffle=learner is not None, **batches)
                loss, accuracy = self._epoch(loader, learner)
                history[f"{name}_loss"].append(loss)
                history[f"{name}_acc"].append(accuracy)
            winner = history["val_loss"].index(min(history["val_loss"]))
            if winner == epoch:
                self._save(self.best)
            elif epoch - winner >= config.early_stopping_patience:
                break
        self.model.load_state_dict(
            torch.load(self.best, map_location=config.device, weights_only=True)[WEIGHTS]
        )
        self.model.eval()
        return history

    def _epoch(self, loader: Any, optimiser: Any) -> tuple[float, float]:
        """Mean loss and accuracy over one pass; without an optimiser the weights do not change."""
        torch = imported()
        self.model.train(optimiser is not None)
        losses, hits, count = 0.0, 0, 0
        with torch.set_grad_enabled(optimiser is not None):
            for features, labels in loader:
                wanted = labels.to(self.config.device)
                logits = self.model(features.to(self.config.device))
                loss = torch.nn.functional.cross_entropy(logits, wanted)
                if optimiser is not None:
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                losses += float(loss.detach()) * len(labels)
                hits += int((logits.argmax(dim=1) == wanted).sum())
                count += len(labels)
        return losses / max(count, 1), hits / max(count, 1)
