"""Voxtral, a speech encoder before a language model, run by transformers; loaded once per process
for all its uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.checkpoints.location import locate_parts
from earshot.models.options import Options
from earshot.models.voxtral.contract import Contract, read
from earshot.models.voxtral.prompts import Prompts
from earshot.models.voxtral.weights import weights


@dataclass(frozen=True)
class Text:
    """Tokens of a text, and the natural log of the probability of each, and of the end behind them
    (if it was reached)."""

    tokens: list[int]
    logs: list[float]


class Voxtral:
    """One checkpoint on one device: config, weights, feature extractor and vocabulary in one
    folder; or an adapter, and what it adapts. Half precision on a GPU, else float32."""

    def __init__(self, folder: Path, adapter: Path | None, device: str) -> None:
        """Raises:
        Misconfigured: the folder holds another kind of network, or a part of one, or the adapter is
            not one for it.
        """
        import torch
        from transformers import GenerationConfig, WhisperFeatureExtractor

        self.device = device
        precision = torch.bfloat16 if device == "cuda" else torch.float32
        self.model: Any = weights(folder, adapter, precision).to(device).eval()
        self.extractor: Any = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        if self.extractor.sampling_rate != SAMPLE_RATE:
            raise Misconfigured(
                "checkpoint", f"{folder} takes {self.extractor.sampling_rate} Hz, not {SAMPLE_RATE}"
            )
        self.prompts = Prompts(folder)
        self.contract: Contract = read(adapter or folder)
        # Greedy decoding, regardless of the checkpoint's own configuration.
        self.model.generation_config = GenerationConfig(
            do_sample=False,
            bos_token_id=self.prompts.start,
            eos_token_id=self.prompts.end,
            pad_token_id=self.prompts.padding,
        )

    @property
    def window_sec(self) -> float:
        """Length of an encoder window; shorter audio is padded to it, longer audio takes
        several."""
        return float(self.extractor.n_samples / SAMPLE_RATE)

    def windows(self, length: int) -> int:
        """Number of windows for that many samples."""
        most: int = self.extractor.n_samples
        return max(1, -(-length // most))

    def encoded(self, stretches: Sequence[Samples]) -> list[Any]:
        """Encoded audio of every stretch for the decoder, each of shape (its tokens, width), in one
        forward pass of the encoder."""
        import torch

        features = [self._features(samples) for samples in stretches]
        with torch.inference_mode():
            sound = torch.cat(features).to(self.device, self.model.dtype)
            found = self.model.get_audio_features(sound).pooler_output.view(
                len(sound), -1, self._width
            )
        parts = found.split([len(each) for each in features])
        return [part.reshape(-1, self._width) for part in parts]

    def embedded(self, prompts: Sequence[list[int]], encoded: Sequence[Any]) -> tuple[Any, Any]:
        """What the decoder reads, shape (rows, tokens, width), shorter rows padded on the left; and
        which tokens are no padding, shape (rows, tokens).

        Args:
            encoded: sound of each row, which its prompt has as many places for.
        """
        import torch

        longest = max(map(len, prompts))
        padded = [[self.prompts.padding] * (longest - len(prompt)) + prompt for prompt in prompts]
        ids = torch.tensor(padded, device=self.device)
        mask = torch.tensor(
            [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts],
            device=self.device,
        )
        with torch.inference_mode():
            tokens = self.model.get_input_embeddings()(ids)
            places = (ids == self.prompts.sound)[..., None].expand_as(tokens)
            return tokens.masked_scatter(places, torch.cat(list(encoded)).to(tokens.dtype)), mask

    def write(
        self, prompts: Sequence[list[int]], encoded: Sequence[Any], limits: Sequence[int]
    ) -> list[Text]:
        """The most likely text behind each prompt.

        Args:
            limits: maximum tokens of a text, by row, so that it does not depend on the others.
        """
        import torch

        embedded, mask = self.embedded(prompts, encoded)
        watch = _Watch()
        with torch.inference_mode():
            written = self.model.generate(
                inputs_embeds=embedded,
                attention_mask=mask,
                max_new_tokens=max(limits),
                logits_processor=[watch],
            )
        logs = torch.stack(watch.logs, dim=1).tolist()
        return [self._text(*row) for row in zip(written.tolist(), logs, limits, strict=True)]

    def _text(self, tokens: list[int], logs: list[float], limit: int) -> Text:
        end = tokens.index(self.prompts.end) if self.prompts.end in tokens else len(tokens)
        return Text(tokens[: min(end, limit)], logs[: min(end + 1, limit)])

    def _features(self, samples: Samples) -> Any:
        """Log mels, shape (windows, mels, frames), as the network's own processor makes them."""
        found = self.extractor(
            samples,
            sampling_rate=SAMPLE_RATE,
            padding=True,
            truncation=False,
            pad_to_multiple_of=self.extractor.n_samples,
            return_tensors="pt",
        ).input_features
        return found.reshape(found.shape[1], -1, self.extractor.nb_max_frames).transpose(0, 1)

    @property
    def _width(self) -> int:
        width: int = self.model.config.text_config.hidden_size
        return width


class _Watch:
    """Records the probability of every row's most likely next token, which is the generated one,
    without changing anything."""

    def __init__(self) -> None:
        self.logs: list[Any] = []

    def __call__(self, ids: Any, scores: Any) -> Any:
        self.logs.append(scores.float().log_softmax(-1).amax(-1))
        return scores


_open: WeakValueDictionary[tuple[str, tuple[Path, ...], str], Voxtral] = WeakValueDictionary()


def opened(release: Release, device: str, options: Options) -> Voxtral:
    """The network of a release, from its verified files; the one that is open already, if another
    release of this process has the same, as the two halves of a joint checkpoint do.

    Raises:
        Misconfigured: the checkpoint, or what it is an adapter of, is missing, altered, or no
            Voxtral.
    """
    located = locate_parts(release, options)
    key = (located.sha256, located.paths, device)
    found = _open.get(key)
    if found is None:
        *base, own = located.paths
        found = Voxtral(base[0], own, device) if base else Voxtral(own, None, device)
        _open[key] = found
    return found
