"""The Moonshine runtime: English speech to punctuated text on one core, with the networks of the
moonshine-voice wheel.

Jeffries et al. 2024, Moonshine: Speech recognition for live transcription and voice commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.types import Release
from earshot.audio.features.level import SILENT, loudness
from earshot.compute import onnx_runtime
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.english_alignment import Aligner
from earshot.models.asr.moonshine_decoder import Decoder
from earshot.models.asr.moonshine_tokens import END, START, begin_words, words_and_tokens
from earshot.models.asr.moonshine_tokens import read as read_tokens
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.asr.spoken_language import SpokenLanguage, open_spoken_language
from earshot.models.asr.token_words import Spelled
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import locate
from earshot.models.options import Options

LANGUAGE = "en"
SHORTEST = SAMPLE_RATE
"""Minimum length in samples, reached by padding on both sides: on shorter audio the network repeats
itself."""
DOUBTFUL_BELOW = 0.65
"""About half of the words with less confidence are wrong
(``training.measurements.word_confidence``)."""
TOKENS_A_SECOND = 6.5
"""Maximum speed of English speech; like upstream, longer output is cut off, since it is a loop."""


@dataclass(frozen=True)
class Text:
    """Tokens of a text, and the natural log of the probability of each, and of the end behind them
    (if it was reached)."""

    tokens: list[int]
    logs: list[float]
    encoded: Samples
    """The encoder's output, shape (frames, 288), 41.7 frames a second."""


class Moonshine:
    """Encoder, decoder and vocabulary in one folder, as upstream lays them out, and the head that
    judges if it is English that they are given."""

    languages = (LANGUAGE,)
    join_gap_ms = 1_500
    """More context makes better words, and pauses cost work (docs/asr.md)."""
    longest_ms = 30_000
    """Maximum length of its training audio, half a minute."""

    def __init__(self, folder: Path, spoken: SpokenLanguage | None = None) -> None:
        # Half a minute takes 100 MB, which an arena would keep.
        self._encoder: Any = onnx_runtime.session(folder / "encoder_model.ort", arena=False)
        self._decoder = Decoder(folder)
        self._tokens = read_tokens(folder / "tokenizer.bin")
        self._begin_words = begin_words(self._tokens)
        self._aligner = Aligner()
        self._spoken = spoken

    def speaks(self, language: str) -> bool:
        """True for English only: other languages would become hallucinated English words."""
        return language == LANGUAGE

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Transcribes one stretch after the other: the networks scale their integers by all rows of
        a pass, so a row would depend on its neighbours. Hotwords have no effect."""
        return [self._recognition(samples) for samples in stretches]

    def _recognition(self, samples: Samples) -> Recognition:
        text = self.write(samples)
        words = [word for word, _ in self.words(text)]
        times = self._aligner.align(samples, [word.text for word in words])
        recognised = (
            Recognised(word.text, span[0], span[1], word.confidence, timing)
            for word, (span, timing) in zip(words, times, strict=True)
        )
        return Recognition(
            tuple(recognised),
            LANGUAGE,
            float(np.mean(text.logs)),
            foreign=self.foreign(samples, text),
            doubtful_below=DOUBTFUL_BELOW,
        )

    def words(self, text: Text) -> list[tuple[Spelled, list[int]]]:
        """The words of a text, each with its tokens."""
        return words_and_tokens(text.tokens, text.logs, self._tokens)

    def foreign(self, samples: Samples, text: Text) -> float | None:
        """Log odds of another language; None where there is too little to judge by: less than the
        network takes without padding, or silence."""
        if self._spoken is None or len(samples) < SHORTEST or loudness(samples) < SILENT:
            return None
        return self._spoken.log_odds(text.encoded, text.logs, len(samples) / SAMPLE_RATE)

    def write(self, samples: Samples, begins: Sequence[int] = ()) -> Text:
        """Greedy decoding until the end of the text.

        Args:
            begins: tokens that the text begins with, in one pass of the decoder. What follows them
                begins a new word.
        """
        encoded, sound = self._encoded(samples)
        after = self._decoder.begin(encoded[0])
        tokens, given, logs = [START, *begins], [START, *begins], list[float]()
        for step in range(2 + round(TOKENS_A_SECOND * sound.shape[1] / SAMPLE_RATE)):
            logits = after(given)
            behind = logits[-1]
            if step == 0 and begins:
                logs += [_log(row, token) for row, token in zip(logits, begins, strict=False)]
                behind = np.where(self._begin_words, behind, -np.inf)
            token = int(behind.argmax())
            logs.append(_log(logits[-1], token))
            if token == END:
                break
            tokens.append(token)
            given = [token]
        return Text(tokens[1:], logs, encoded[0])

    def encode(self, samples: Samples) -> Samples:
        """The encoder's output alone, as of ``Text``."""
        encoded: Samples = self._encoded(samples)[0][0]
        return encoded

    def _encoded(self, samples: Samples) -> tuple[Samples, Samples]:
        """The encoder's output, and its input, padded: one row each."""
        missing = max(0, SHORTEST - len(samples))
        sound = np.pad(samples, (missing // 2, missing - missing // 2))[None]
        mask = np.ones(sound.shape, np.int64)
        (encoded,) = self._encoder.run(None, {"input_values": sound, "attention_mask": mask})
        return encoded, sound


def _log(logits: Samples, token: int) -> float:
    """The natural log of the probability of a token."""
    return float(logits[token] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))


def open_moonshine(release: Release, device: str, options: Options) -> Moonshine:
    """The recogniser of a release; always on the CPU.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or of another kind.
    """
    head = open_spoken_language(default_release("language"), device, options)
    return Moonshine(locate(release, options), head)
