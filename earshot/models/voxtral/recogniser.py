"""The Voxtral runtime of speech recognition: rows of several languages in batches, greedy decoding;
English words are aligned by our own aligner."""

from collections.abc import Sequence

import numpy as np

from earshot.analysis.types import Release
from earshot.analysis.words.languages import UNDETERMINED
from earshot.analysis.words.times import interpolate
from earshot.compute.sound import SAMPLE_RATE, Samples, passes
from earshot.models.asr.english_alignment import LANGUAGE, Aligner
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.asr.token_words import Spelled, spelled
from earshot.models.options import Options
from earshot.models.voxtral.network import Text, Voxtral, opened

WINDOW_MS = 30_000
"""Length of an encoder window; shorter audio is padded to it."""
TOKENS_A_SECOND = 15
"""Maximum speed of speech in any of its languages; longer output is a loop."""
TOKENS_ASIDE = 8
"""For a language that it names before the text, and punctuation."""


class VoxtralRecogniser:
    """Transcription, for which the network has a mode of its own."""

    join_gap_ms = WINDOW_MS
    longest_ms = WINDOW_MS

    def __init__(self, network: Voxtral) -> None:
        self.network = network
        self.languages = network.contract.languages
        self._aligner = Aligner()

    def speaks(self, language: str) -> bool:
        """True for its trained languages, and for an undetermined one, which it detects but seldom
        names."""
        return language == UNDETERMINED or language in self.languages

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Hotwords have no effect: a request for a transcript has no place for them."""
        found: dict[int, Recognition] = {}
        for rows in passes([len(samples) for samples in stretches], row_sec=WINDOW_MS / 1000):
            texts = self._texts([stretches[row] for row in rows], [languages[row] for row in rows])
            for row, text in zip(rows, texts, strict=True):
                found[row] = self._recognition(stretches[row], languages[row], text)
        return [found[index] for index in range(len(stretches))]

    def _texts(self, stretches: Sequence[Samples], languages: Sequence[str]) -> list[Text]:
        encoded = self.network.encoded(stretches)
        prompts = [
            self.network.prompts.transcription(len(sound), language)
            for sound, language in zip(encoded, languages, strict=True)
        ]
        limits = [
            TOKENS_ASIDE + TOKENS_A_SECOND * len(samples) // SAMPLE_RATE for samples in stretches
        ]
        return self.network.write(prompts, encoded, limits)

    def _recognition(self, samples: Samples, asked: str, text: Text) -> Recognition:
        prompts = self.network.prompts
        named, begin = prompts.language_named(text.tokens)
        pairs = zip(
            text.tokens[begin:], text.logs[begin:], strict=False
        )  # the end has a log and is no token
        written = [(token, log) for token, log in pairs if prompts.text_tokens([token])]
        words = spelled(
            [token for token, _ in written], [log for _, log in written], prompts.decode
        )
        language = (named or asked) if asked == UNDETERMINED else asked
        return Recognition(
            self._timed(samples, words, language), language, float(np.mean(text.logs))
        )

    def _timed(
        self, samples: Samples, words: Sequence[Spelled], language: str
    ) -> tuple[Recognised, ...]:
        texts = [word.text for word in words]
        if language == LANGUAGE:
            placed = self._aligner.align(samples, texts)
        else:
            spans = interpolate(texts, [None] * len(texts), (0, len(samples) * 1000 // SAMPLE_RATE))
            placed = [(span, "interpolated") for span in spans]
        return tuple(
            Recognised(word.text, start, end, word.confidence, timing)
            for word, ((start, end), timing) in zip(words, placed, strict=True)
        )


def open_recogniser(release: Release, device: str, options: Options) -> VoxtralRecogniser:
    """The recogniser of a release.

    Raises:
        Misconfigured: as ``earshot.models.voxtral.network.opened``.
    """
    return VoxtralRecogniser(opened(release, device, options))
