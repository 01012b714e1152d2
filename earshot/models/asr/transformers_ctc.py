"""The transformers runtime of CTC recognisers, mainly Wav2Vec2-BERT (Darija, 002-02): dynamic
padding, mixed precision, and word times by forced alignment."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.analysis.words.languages import UNDETERMINED
from earshot.compute.sound import SAMPLE_RATE, Samples, passes
from earshot.models.asr.ctc_best_path import Alphabet, words_on
from earshot.models.asr.kaldi_features import KaldiFeatures, fits
from earshot.models.asr.recogniser import Recognition
from earshot.models.checkpoints.location import locate
from earshot.models.options import Options

FAMILY = ("wav2vec2-bert", "wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat")
"""Model types whose rows do not depend on one another when they are padded; those of
wav2vec2-conformer do."""
SHORTEST = SAMPLE_RATE // 10
"""Minimum length in samples, reached by padding: the networks need a few frames."""


class TransformersCtc:
    """One checkpoint: config, weights, feature extractor and a character tokenizer in one folder.
    It has one language, or several that it does not distinguish, and accepts any;
    ``EARSHOT_ASR_ROUTES`` selects the languages sent to it."""

    languages = ()
    join_gap_ms = 800
    """A breath does not end a stretch; a longer silence would be padding in all rows."""
    longest_ms = 30_000

    def __init__(self, folder: Path, device: str) -> None:
        """Opens a checkpoint.

        Raises:
            Misconfigured: the network is of another family.
        """
        import torch
        from transformers import AutoConfig, AutoModelForCTC, AutoProcessor

        from earshot.compute.length_aware_norm import made_length_aware

        kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
        if kind not in FAMILY:
            raise Misconfigured(
                "checkpoint", f"{folder} is a {kind}; transformers-ctc knows {', '.join(FAMILY)}"
            )
        self.device = device
        # Regardless of the saved precision: autocast computes in half precision on a GPU where that
        # loses nothing.
        model = AutoModelForCTC.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        self.model: Any = model.to(device).eval()
        self._norm = made_length_aware(self.model)
        self.processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
        tokenizer, extractor = self.processor.tokenizer, self.processor.feature_extractor
        self._features = KaldiFeatures(extractor, device) if fits(extractor) else self._extracted
        self._alphabet = Alphabet(
            between=tokenizer.convert_tokens_to_ids(tokenizer.word_delimiter_token),
            unheard=(tokenizer.pad_token_id, *tokenizer.all_special_ids),
            # Once for each label: transformers takes a tenth of a millisecond for a word.
            written=cache(lambda token: str(tokenizer.decode([token], group_tokens=False))),
        )

    def speaks(self, language: str) -> bool:
        return language != UNDETERMINED

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Hotwords have no effect: the text is the network's best path, without a language
        model."""
        found: dict[int, Recognition] = {}
        for rows in passes([max(SHORTEST, len(samples)) for samples in stretches]):
            emissions = self.emissions([stretches[row] for row in rows])
            for row, emission in zip(rows, emissions, strict=True):
                found[row] = self._recognition(emission, len(stretches[row]), languages[row])
        return [found[index] for index in range(len(stretches))]

    def emissions(self, stretches: Sequence[Samples]) -> list[Any]:
        """Log probabilities of every stretch in one forward pass, each of shape (its frames,
        tokens)."""
        import torch

        long_enough = [
            np.pad(samples, (0, max(0, SHORTEST - len(samples)))) for samples in stretches
        ]
        inputs = self._features(long_enough)
        if self._norm is not None:
            self._norm.set_lengths([len(samples) for samples in long_enough])
        with (
            torch.inference_mode(),
            torch.autocast(self.device, torch.float16, enabled=self.device == "cuda"),
        ):
            logits = self.model(**inputs).logits
        shares = logits.float().log_softmax(-1)
        frames = self._frames(inputs, shares.shape[1])
        return [row[:count] for row, count in zip(shares, frames, strict=True)]

    def _extracted(self, rows: Sequence[Samples]) -> Any:
        """With a mask, which the extractors of base models omit: without one, padding is normalised
        and processed like audio."""
        options = {"sampling_rate": SAMPLE_RATE, "padding": True, "return_attention_mask": True}
        return self.processor(audio=rows, **options, return_tensors="pt").to(self.device)

    def _frames(self, inputs: Any, most: int) -> list[int]:
        """Output frames of each row that contain audio."""
        counts: list[int] = self.model._get_feat_extract_output_lengths(
            inputs["attention_mask"].sum(-1)
        ).tolist()
        return [max(1, min(most, count)) for count in counts]

    def _recognition(self, emission: Any, length: int, language: str) -> Recognition:
        likeliest = emission.max(
            -1
        )  # on the device, so that two numbers a frame are transferred instead of all tokens
        path, shares = likeliest.indices.cpu().numpy(), likeliest.values.exp().cpu().numpy()
        frame_ms = max(SHORTEST, length) * 1000 / SAMPLE_RATE / len(path)
        words, mean = words_on(path, shares, self._alphabet, frame_ms, length * 1000 // SAMPLE_RATE)
        return Recognition(words, language, mean)


def open_ctc(release: Release, device: str, options: Options) -> TransformersCtc:
    """The recogniser of a release.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return TransformersCtc(locate(release, options), device)
