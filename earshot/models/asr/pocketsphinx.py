"""The pocketsphinx runtime: English speech to words, with the acoustic and language model inside
the pocketsphinx wheel."""

from collections.abc import Sequence
from typing import Any

from earshot.analysis.types import Release
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.pocketsphinx_words import hear
from earshot.models.asr.recogniser import Recognised, Recognition
from earshot.models.options import Options

LANGUAGE = "en"
LIVE_STATES = 4_000
"""Width of the search (``maxhmmpf``): of those tried the one with the fewest word errors on three
speakers set apart for that, and a third less work than pocketsphinx's default of 30,000. ``python
-m training.measurements.asr_wer`` with ``--states`` measures both."""


class PocketsphinxDecoder:
    """One decoder, reused for every utterance of a process; earlier utterances have no
    influence."""

    languages = (LANGUAGE,)
    join_gap_ms = 800
    """The language model needs the preceding words; a breath does not end a stretch."""
    longest_ms = 600_000

    def __init__(self, live_states: int = LIVE_STATES) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", maxhmmpf=live_states)

    def speaks(self, language: str) -> bool:
        """True for English only: other languages would become hallucinated English words."""
        return language == LANGUAGE

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """Transcribes one stretch after the other; batches gain nothing, and hotwords have no
        effect."""
        return [Recognition(tuple(self.decode(samples)), LANGUAGE) for samples in stretches]

    def decode(self, samples: Samples) -> list[Recognised]:
        """Words of one stretch."""
        if not len(samples):
            return []
        return [
            Recognised(word.text, word.start_ms, word.end_ms, min(1.0, max(0.0, word.share)))
            for word in hear(self._decoder, samples)
        ]


def open_pocketsphinx(release: Release, device: str, options: Options) -> PocketsphinxDecoder:
    """The decoder, with the weights of its package; always on the CPU."""
    return PocketsphinxDecoder()
