"""The emotion2vec runtime: nine labels of how an utterance is spoken (000-06, C-04)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.padded_rows import padded
from earshot.compute.sound import Samples
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.model import ByUtterance, Shares, in_passes, noise
from earshot.models.emotion2vec.config import UNUSED, read_config, read_labels
from earshot.models.emotion2vec.weights import load_network
from earshot.models.options import Options
from earshot.models.scoring import softmax

if TYPE_CHECKING:
    from torch import Tensor

SPREAD = 1e-5
"""Added to the variance of a row, as FunASR does."""


class Emotion2vecModel(ByUtterance):
    """One checkpoint as FunASR publishes it: ``config.yaml``, ``model.pt`` and ``tokens.txt`` in
    one folder."""

    def __init__(self, folder: Path, device: str, int8: bool = True) -> None:
        """
        Args:
            int8: on a CPU, whether to compute in it; else in float32.

        Raises:
            Misconfigured: a file is missing, or is not what it should be.
        """
        outputs = read_labels(folder / "tokens.txt")
        self._used = [index for index, label in enumerate(outputs) if not label.startswith(UNUSED)]
        self.labels = tuple(outputs[index] for index in self._used)
        if not self.labels:
            raise Misconfigured(
                "checkpoint", f"{folder / 'tokens.txt'} names no label; fetch the checkpoint again"
            )
        self.config = read_config(folder / "config.yaml")
        self.network = load_network(folder / "model.pt", self.config, len(outputs)).to(device)
        self.device = device
        if int8 and device == "cpu":
            from earshot.compute.cpu_int8 import front_end, to_int8

            to_int8(self.network, lambda: self.logits([noise()]))
            self.network.front = front_end(self.network.front)

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        logits = in_passes(self.logits, utterances, self.device)
        return list(softmax(logits[:, self._used])) if len(logits) else []

    def logits(self, rows: list[Samples]) -> "Tensor":
        """Of all outputs, trained or not, in one forward pass; shape (rows, outputs)."""
        import torch

        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        sound = padded(rows, self.device, SPREAD if self.config.normalize else None)
        with (
            torch.inference_mode(),
            torch.autocast(self.device, torch.float16, enabled=self.device == "cuda"),
        ):
            logits: Tensor = self.network(sound, lengths)
        return logits


def open_emotion2vec(release: Release, device: str, options: Options) -> Emotion2vecModel:
    """The emotion model of a release.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return Emotion2vecModel(locate(release, options), device, options.emotion_int8)
