"""Text sentiment by a checkpoint of transformers with a head for sequences."""

from pathlib import Path
from typing import Any

from earshot.models.scoring import Array, softmax
from earshot.models.text.model import TooLong
from earshot.models.text.tokens import Described


class TransformersText(Described):
    """``AutoModelForSequenceClassification``, one text at a time."""

    def __init__(self, folder: Path, device: str) -> None:
        """
        Raises:
            Misconfigured: it names no labels.
        """
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        super().__init__(folder)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
        self._model: Any = model.to(device).eval()
        self._device = device

    def shares(self, text: str) -> Array | None:
        import torch

        rows = self._tokenizer(text, return_tensors="pt", truncation=False)
        if rows["input_ids"].shape[1] > self.most:
            raise TooLong
        with torch.inference_mode():
            logits = self._model(**rows.to(self._device)).logits[0]
        return softmax(logits.float().cpu().numpy())
