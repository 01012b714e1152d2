"""The transformers runtimes of emotion: a speech encoder of the wav2vec 2.0 family, with a head for
labels or for numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.padded_rows import padded
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.checkpoints.location import locate
from earshot.models.emotion.model import ByUtterance, Dimensions, Shares, in_passes, noise
from earshot.models.options import Options
from earshot.models.scoring import softmax

FAMILY = ("wav2vec2", "hubert", "wavlm")
"""Model types whose rows do not depend on one another when they are padded."""
NOT_NEEDED = ("masked_spec_embed",)
"""Weights that only training uses; some checkpoints lack them."""
SPREAD = 1e-7
"""Added to the variance of a row, as transformers' Wav2Vec2FeatureExtractor does."""


class SpeechEncoder:
    """One checkpoint of the hub: config, weights and feature extractor in one folder."""

    def __init__(self, folder: Path, network: Any, device: str, int8: bool) -> None:
        """
        Args:
            network: class of transformers, or of its kind, that the checkpoint is loaded into.
            int8: on a CPU, whether to compute in it; else in float32.

        Raises:
            Misconfigured: it is of another family, or its weights do not fit the class.
        """
        import torch
        from transformers import AutoConfig, AutoFeatureExtractor

        from earshot.compute.length_aware_norm import made_length_aware

        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in FAMILY:
            raise Misconfigured(
                "checkpoint",
                f"{folder} is a {config.model_type}; emotion knows {', '.join(FAMILY)}",
            )
        model, loaded = network.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        _check_whole(folder, loaded)
        self.extractor: Any = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
        if self.extractor.sampling_rate != SAMPLE_RATE:
            raise Misconfigured(
                "checkpoint", f"{folder} takes {self.extractor.sampling_rate} Hz, not {SAMPLE_RATE}"
            )
        self.model: Any = model.to(device).eval()
        self.device = device
        self._norm = made_length_aware(self.model)
        if int8 and device == "cpu":
            self._quicken()

    def outputs(self) -> tuple[str, ...]:
        """What its configuration calls the outputs, in order."""
        names: dict[int, str] = self.model.config.id2label
        return tuple(names[index] for index in range(len(names)))

    def logits(self, rows: list[Samples]) -> Any:
        """In one forward pass, shape (rows, outputs). Rows of one length are not masked, for
        nothing of them is padding."""
        import torch

        sound = padded(rows, self.device, SPREAD if self.extractor.do_normalize else None)
        lengths = [len(row) for row in rows]
        even = min(lengths) == max(lengths)
        held = (
            torch.arange(sound.shape[1], device=self.device)
            < torch.tensor(lengths, device=self.device)[:, None]
        )
        mask = None if even else held.int()
        if self._norm is not None:
            self._norm.set_lengths(lengths)
        with (
            torch.inference_mode(),
            torch.autocast(self.device, torch.float16, enabled=self.device == "cuda"),
        ):
            return self.model(sound, attention_mask=mask).logits

    def _quicken(self) -> None:
        from earshot.compute.cpu_int8 import front_end, to_int8

        to_int8(self.model, lambda: self.logits([noise()]))
        base = self.model.base_model
        base.feature_extractor = front_end(base.feature_extractor)


class TransformersEmotion(ByUtterance, SpeechEncoder):
    """Labels: transformers' own head for sequences (``AutoModelForAudioClassification``)."""

    def __init__(self, folder: Path, device: str, int8: bool = True) -> None:
        from transformers import AutoModelForAudioClassification

        super().__init__(folder, AutoModelForAudioClassification, device, int8)
        self.labels = tuple(label.lower() for label in self.outputs())

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        return list(softmax(in_passes(self.logits, utterances, self.device))) if utterances else []


class TransformersDimensional(SpeechEncoder):
    """Valence, arousal and dominance: the head of ``earshot.models.emotion.regression_head``."""

    def __init__(self, folder: Path, device: str, int8: bool = True) -> None:
        from earshot.models.emotion.regression_head import DimensionalNetwork

        super().__init__(folder, DimensionalNetwork, device, int8)
        names = self.outputs()
        if sorted(names) != ["arousal", "dominance", "valence"]:
            raise Misconfigured(
                "checkpoint",
                f"{folder} gives {', '.join(names)}; wanted are arousal, dominance and valence",
            )

    def dimensions(self, utterances: Sequence[Samples]) -> list[Dimensions]:
        """Ratings of about 0 to 1 become -1 to 1: x' = 2x - 1, clipped (C-47)."""
        found = np.clip(2 * in_passes(self.logits, utterances, self.device) - 1, -1, 1)
        return [Dimensions(**dict(zip(self.outputs(), row.tolist(), strict=True))) for row in found]


def _check_whole(folder: Path, loaded: Any) -> None:
    """Without this, a head that is not in the file would answer with random numbers."""
    missing = sorted(name for name in loaded["missing_keys"] if not name.endswith(NOT_NEEDED))
    wrong = [*missing, *(str(each) for each in loaded["mismatched_keys"])]
    if wrong:
        raise Misconfigured(
            "checkpoint",
            f"{folder} has no weights for {wrong[0]}: it was saved from another kind of network",
        )


def open_emotion(release: Release, device: str, options: Options) -> TransformersEmotion:
    """The emotion model of a release.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return TransformersEmotion(locate(release, options), device, options.emotion_int8)


def open_dimensions(release: Release, device: str, options: Options) -> TransformersDimensional:
    """The model of a release that rates valence, arousal and dominance.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return TransformersDimensional(locate(release, options), device, options.emotion_int8)
