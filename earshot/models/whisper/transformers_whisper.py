"""The transformers runtime of Whisper: a checkpoint as the hub lays it out, half precision on a
GPU, rows of any languages in batches."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earshot.analysis.types import Release
from earshot.analysis.words.languages import UNDETERMINED
from earshot.compute.sound import SAMPLE_RATE, Samples, passes
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.checkpoints.location import locate
from earshot.models.options import Options
from earshot.models.whisper.features import log_mel
from earshot.models.whisper.generation import complete
from earshot.models.whisper.languages import UNSPACED, speaks, token_code
from earshot.models.whisper.words import TOKEN_SEC, token_times, words_of

WINDOW_MS = 30_000
"""Length of an encoder window; shorter audio is padded to it."""


class TransformersWhisper:
    """One checkpoint: config, weights, tokenizer and feature extractor in one folder, and a
    generation config, or what ``earshot.models.whisper.generation`` makes of the others."""

    join_gap_ms = WINDOW_MS
    longest_ms = WINDOW_MS

    def __init__(self, folder: Path, device: str) -> None:
        """Raises:
        Misconfigured: the tokenizer or the alignment heads are another model's.
        """
        import torch
        from transformers import AutoProcessor, WhisperForConditionalGeneration

        self.device = device
        precision = torch.float16 if device == "cuda" else torch.float32
        # Only the eager decoder gives its attention away, which words get their times from.
        model = WhisperForConditionalGeneration.from_pretrained(
            folder, dtype=precision, attn_implementation="eager", local_files_only=True
        )
        self.model: Any = _fast_encoder(model).to(device).eval()
        self.processor: Any = AutoProcessor.from_pretrained(folder, local_files_only=True)
        complete(folder, model, self.processor.tokenizer)
        self._tokens: dict[str, int] = getattr(model.generation_config, "lang_to_id", None) or {}
        self.languages = frozenset(token[2:-2] for token in self._tokens) or frozenset(("en",))

    def speaks(self, language: str) -> bool:
        return speaks(language, self.languages)

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        found: dict[int, Recognition] = {}
        for rows in passes([len(samples) for samples in stretches], row_sec=WINDOW_MS / 1000):
            answers = self._pass(
                [stretches[row] for row in rows], [languages[row] for row in rows], hotwords
            )
            found.update(zip(rows, answers, strict=True))
        return [found[index] for index in range(len(stretches))]

    def _pass(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        import torch

        with torch.inference_mode():
            features = log_mel(self.processor.feature_extractor, stretches, self.device)
            encoded = self.model.get_encoder()(features.to(self.model.dtype))
            codes, no_speech = self._listen(encoded, languages)
            expected = self._expected(hotwords)
            texts = self._texts(encoded, codes, expected)
            shares, attention = self._again(
                encoded, [[*expected, *self._start(code)] for code in codes], texts
            )
        found = []
        for row, text in enumerate(texts):
            seconds = len(stretches[row]) / SAMPLE_RATE
            own = shares[row, : len(text) + 1]
            words = (
                self._words(text, own.tolist(), attention[:, row, : len(text)], seconds, codes[row])
                if text
                else ()
            )
            language = codes[row] if languages[row] == UNDETERMINED else languages[row]
            found.append(Recognition(words, language, float(own.log().mean()), no_speech[row]))
        return found

    def _listen(self, encoded: Any, languages: Sequence[str]) -> tuple[list[str], list[float]]:
        """Code of each row's language, detected if undetermined; and the probability of no speech.

        Both are the decoder's predictions behind its start token (Radford et al. 2022, figure 1).
        """
        import torch

        config = self.model.generation_config
        start = torch.full((len(languages), 1), config.decoder_start_token_id, device=self.device)
        logits = (
            self.model(encoder_outputs=encoded, decoder_input_ids=start, use_cache=False)
            .logits[:, 0]
            .float()
        )
        no_speech: list[float] = logits.softmax(-1)[:, config.no_timestamps_token_id - 1].tolist()
        if not self._tokens:
            return ["en"] * len(languages), no_speech
        tokens = list(self._tokens)
        likeliest = logits[:, [self._tokens[token] for token in tokens]].argmax(-1).tolist()
        detected = [tokens[index][2:-2] for index in likeliest]
        pairs = zip(languages, detected, strict=True)
        return [
            code if asked == UNDETERMINED else token_code(asked) for asked, code in pairs
        ], no_speech

    def _expected(self, hotwords: Sequence[str]) -> list[int]:
        """The prompt of the hotwords, as preceding text; empty without any."""
        if not hotwords:
            return []
        tokens: list[int] = self.processor.get_prompt_ids(", ".join(hotwords)).tolist()
        return tokens[: self.model.config.max_target_positions // 2 - 1]

    def _start(self, code: str) -> list[int]:
        """What every text begins with: language, task, and no times among the words."""
        config = self.model.generation_config
        tokens = (
            [self._tokens[f"<|{code}|>"], config.task_to_id["transcribe"]] if self._tokens else []
        )
        return [config.decoder_start_token_id, *tokens, config.no_timestamps_token_id]

    def _texts(self, encoded: Any, codes: Sequence[str], expected: list[int]) -> list[list[int]]:
        """Tokens of each row's text, without those that begin and end it."""
        import torch

        asked: dict[str, Any] = (
            {"language": list(codes), "task": "transcribe"} if self._tokens else {}
        )
        if expected:
            asked["prompt_ids"] = torch.tensor(expected, device=self.device)
        written = self.model.generate(encoder_outputs=encoded, return_timestamps=False, **asked)
        end = self.model.generation_config.eos_token_id
        return [
            [token for token in row if token < end] for row in written.tolist()
        ]  # what was expected is not in it

    def _again(
        self, encoded: Any, prompts: Sequence[list[int]], texts: Sequence[list[int]]
    ) -> tuple[Any, Any]:
        """The decoder over the finished texts of all rows at once.

        Returns the probability of every token and of the end, shape (rows, longest text + 1), and
        the attention of the alignment heads while the decoder held each token, shape (heads, rows,
        longest text, encoder frames).

        Args:
            prompts: all of one length.
        """
        import torch

        config, longest, begin = self.model.generation_config, max(map(len, texts)), len(prompts[0])
        # No token looks ahead, so what stands behind the end of a shorter text changes nothing
        # before it.
        ended = torch.tensor(
            [text + [config.eos_token_id] * (longest + 1 - len(text)) for text in texts],
            device=self.device,
        )
        ids = torch.cat([torch.tensor(prompts, device=self.device), ended[:, :-1]], dim=1)
        out = self.model(
            encoder_outputs=encoded, decoder_input_ids=ids, output_attentions=True, use_cache=False
        )
        shares = (
            out.logits[:, begin - 1 :].float().softmax(-1).gather(-1, ended[:, :, None])[:, :, 0]
        )
        heads = torch.stack(
            [out.cross_attentions[layer][:, head] for layer, head in config.alignment_heads]
        )
        return shares.clamp_min(torch.finfo(shares.dtype).tiny), heads[:, :, begin:]

    def _words(
        self, text: list[int], shares: list[float], attention: Any, seconds: float, code: str
    ) -> tuple[Recognised, ...]:
        frames = max(1, min(attention.shape[-1], int(seconds / TOKEN_SEC)))
        times = token_times(attention, frames, self.model.config.median_filter_width)
        return words_of(
            text, times, shares, seconds, self.processor.tokenizer.decode, code not in UNSPACED
        )


def _fast_encoder(model: Any) -> Any:
    """The encoder on fused attention, since its attention weights are unused, beside a decoder that
    stays eager."""
    config = copy.deepcopy(model.config)
    config._attn_implementation = "sdpa"
    for module in model.get_encoder().modules():
        if hasattr(module, "config"):
            module.config = config
    return model


def open_whisper(release: Release, device: str, options: Options) -> TransformersWhisper:
    """The recogniser of a release.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return TransformersWhisper(locate(release, options), device)
