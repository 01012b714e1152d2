"""The faster-whisper runtime: Whisper on CTranslate2, int8 on a CPU, half precision on a GPU, rows
in batches, word times of its own.

It goes through ``WhisperModel``'s own steps (encode, generate, align) and not through
``BatchedInferencePipeline``, whose words depend on the row before: it trims the first word of a row
by the end of the last one's speech, and one tokenizer serves all languages.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.analysis.words.languages import UNDETERMINED
from earshot.compute.device import load_cublas
from earshot.compute.sound import Samples, passes
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.checkpoints.location import locate
from earshot.models.options import Options
from earshot.models.whisper.languages import UNSPACED, speaks, token_code

WINDOW_MS = 30_000
"""Length of an encoder window; shorter audio is padded to it."""
BEAMS = 5
"""Whisper's own default."""
PREPENDED, APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Punctuation that belongs to the word behind or before it: the defaults of faster-whisper and of
Whisper."""


class FasterWhisper:
    """One converted checkpoint: ``model.bin``, ``config.json``, ``tokenizer.json``, and
    ``preprocessor_config.json`` for 128 mels."""

    join_gap_ms = WINDOW_MS
    longest_ms = WINDOW_MS

    def __init__(self, folder: Path, device: str) -> None:
        """Raises:
        Misconfigured: a file is missing, or says too little.
        """
        # Without this file the library would ask the hub for another model's.
        missing = [
            name
            for name in ("model.bin", "config.json", "tokenizer.json")
            if not (folder / name).is_file()
        ]
        if missing:
            raise Misconfigured(
                "checkpoint",
                f"{folder} has no {', '.join(missing)}; convert it with ct2-transformers-converter"
                " --copy_files tokenizer.json",
            )
        from faster_whisper import WhisperModel

        if device == "cuda":
            load_cublas()
        precision = "float16" if device == "cuda" else "int8"
        self.model: Any = WhisperModel(
            str(folder), device=device, compute_type=precision, cpu_threads=1, local_files_only=True
        )
        self._check(folder)
        self.languages = frozenset(self.model.supported_languages)

    def _check(self, folder: Path) -> None:
        """Checks for problems that would fail every chunk."""
        if self.model.feature_extractor.mel_filters.shape[0] != self.model.model.n_mels:
            raise Misconfigured(
                "checkpoint",
                f"{folder} takes {self.model.model.n_mels} mels, but has no matching"
                " preprocessor_config.json; copy that of the model it was converted from",
            )
        # The converter takes them from a fine-tune's generation_config.json, and writes an empty
        # list where there is none.
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if self.model.model.is_multilingual and not config.get("lang_ids"):
            raise Misconfigured(
                "checkpoint",
                f"config.json in {folder} has no lang_ids, the tokens of its languages;"
                " convert it again with the generation_config.json of the model it was tuned from",
            )

    def speaks(self, language: str) -> bool:
        return speaks(language, self.languages)

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Rows of one pass are of one language, which stands in the prompt that words are aligned
        under."""
        features = [self.features(samples) for samples in stretches]
        known = self._detected(stretches, features, languages)
        found: dict[int, Recognition] = {}
        for language in sorted(set(known)):
            rows = [index for index, each in enumerate(known) if each == language]
            for part in passes([len(stretches[index]) for index in rows], row_sec=WINDOW_MS / 1000):
                chosen = [rows[index] for index in part]
                seconds = [
                    len(stretches[index]) / self.model.feature_extractor.sampling_rate
                    for index in chosen
                ]
                answers = self._pass(
                    np.stack([features[index] for index in chosen]), seconds, language, hotwords
                )
                found.update(zip(chosen, answers, strict=True))
        return [found[index] for index in range(len(stretches))]

    def features(self, samples: Samples) -> Samples:
        """Log-mel of one window, shape (mels, frames)."""
        from faster_whisper.audio import pad_or_trim

        # The extractor pads half a minute of silence behind, whose last frame is none of Whisper's.
        features: Samples = pad_or_trim(self.model.feature_extractor(samples)[..., :-1])
        return features

    def _detected(
        self, stretches: Sequence[Samples], features: Sequence[Samples], languages: Sequence[str]
    ) -> list[str]:
        """The languages, with undetermined ones detected."""
        known = list(languages)
        asked = [index for index, language in enumerate(languages) if language == UNDETERMINED]
        if not self.model.model.is_multilingual:
            return ["en"] * len(known)
        found = self._likeliest(
            [stretches[index] for index in asked], [features[index] for index in asked]
        )
        for index, language in zip(asked, found, strict=True):
            known[index] = language
        return known

    def detect(self, stretches: Sequence[Samples]) -> list[str]:
        """The likeliest language of each stretch, without its words."""
        if not self.model.model.is_multilingual:
            return ["en"] * len(stretches)
        return self._likeliest(stretches, [self.features(samples) for samples in stretches])

    def _likeliest(self, stretches: Sequence[Samples], features: Sequence[Samples]) -> list[str]:
        found: dict[int, str] = {}
        for rows in passes([len(samples) for samples in stretches], row_sec=WINDOW_MS / 1000):
            encoded = self.model.encode(np.stack([features[index] for index in rows]))
            for index, shares in zip(rows, self.model.model.detect_language(encoded), strict=True):
                found[index] = shares[0][0][2:-2]  # the likeliest comes first, as <|en|>
        return [found[index] for index in range(len(stretches))]

    def _pass(
        self, features: Samples, seconds: Sequence[float], language: str, hotwords: Sequence[str]
    ) -> list[Recognition]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self.model
        tokenizer = Tokenizer(
            model.hf_tokenizer,
            model.model.is_multilingual,
            task="transcribe",
            language=token_code(language),
        )
        prompt = model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=", ".join(hotwords) or None
        )
        encoded = model.encode(features)
        results = model.model.generate(
            encoded,
            [prompt] * len(features),
            beam_size=BEAMS,
            max_length=model.max_length,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [
            [token for token in result.sequences_ids[0] if token < tokenizer.eot]
            for result in results
        ]
        spaced = token_code(language) not in UNSPACED
        frames = [int(np.ceil(length)) * model.frames_per_second for length in seconds]
        aligned = model.find_alignment(tokenizer, tokens, encoded, frames)
        return [
            Recognition(
                words=words_of(words, round(length * 1000), spaced=spaced),
                language=language,
                log_probability=_log_probability(result),
                no_speech=result.no_speech_prob,
            )
            for words, result, length in zip(aligned, results, seconds, strict=True)
        ]


def _log_probability(result: Any) -> float:
    """Mean over the tokens and the one that ends them; CTranslate2's score is the mean over the
    tokens alone."""
    count = len(result.sequences_ids[0])
    return float(result.scores[0]) * count / (count + 1)


def words_of(
    alignment: list[dict[str, Any]], length_ms: int, *, spaced: bool
) -> tuple[Recognised, ...]:
    """The words of an alignment by faster-whisper, which begins a new one at every token that is
    punctuation: "C'est" and "$37.50" are two each, the second without a space before it.

    Args:
        spaced: words of the language stand apart; else every piece counts as one.
    """
    from faster_whisper.transcribe import merge_punctuations

    merge_punctuations(alignment, PREPENDED, APPENDED)
    words: list[list[dict[str, Any]]] = []
    for piece in alignment:
        if not piece["word"].strip():
            continue
        if spaced and words and not piece["word"].startswith(" "):
            words[-1].append(piece)
        else:
            words.append([piece])
    return tuple(
        Recognised(
            text="".join(piece["word"] for piece in word).strip(),
            start_ms=min(length_ms, round(word[0]["start"] * 1000)),
            end_ms=min(length_ms, round(word[-1]["end"] * 1000)),
            confidence=float(
                np.average(
                    [piece["probability"] for piece in word],
                    weights=[max(1, len(piece["tokens"])) for piece in word],
                )
            ),
        )
        for word in words
    )


def open_faster_whisper(release: Release, device: str, options: Options) -> FasterWhisper:
    """The recogniser of a release.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    return FasterWhisper(locate(release, options), device)
