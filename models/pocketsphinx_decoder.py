"""The pocketsphinx runtime: English speech to words, with the acoustic and language model inside the pocketsphinx wheel."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LANGUAGE = "en"
SAMPLE_RATE = 16_000
"""Hz, what the packaged en-us model was trained at."""
FRAME_MS = 10
"""The decoder's clock (``frate`` 100)."""
FULL_SCALE = 32_768
LIVE_STATES = 4_000
"""Width of the search (``maxhmmpf``): of those tried the one with the fewest word errors on three speakers set apart for that,
and a third less work than pocketsphinx's default of 30,000. ``python -m training.asr_wer`` with ``--states`` measures both."""

_VARIANT = re.compile(r"\(\d+\)$")
"""Marks the second and later pronunciations of a word in the dictionary, as in ``the(2)``."""
_NOT_A_WORD = ("<", "[", "+")
"""First characters of what the decoder reports besides words: ``<s>``, ``<sil>``, ``[NOISE]``, ``++BREATH++``."""


@dataclass(frozen=True)
class Recognised:
    """One word within the decoded stretch: text, times in ms from its start, posterior probability."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


class PocketsphinxDecoder:
    """One decoder, reused for every utterance of a process; what it heard before has no influence on what it hears next."""

    def __init__(self, live_states: int = LIVE_STATES) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", maxhmmpf=live_states)

    def decode(self, samples: NDArray[np.float32]) -> list[Recognised]:
        """Words of one utterance: mono float32 in [-1, 1] at ``SAMPLE_RATE``, shape (samples,)."""
        if not len(samples):
            return []
        pcm = np.clip(samples * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 1).astype("<i2")
        self._decoder.reinit_feat()  # forgets the noise and the cepstral mean of the utterance before
        self._decoder.start_utt()
        # The whole utterance at once: its own cepstral mean is subtracted, not a running one.
        self._decoder.process_raw(pcm.tobytes(), False, True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        return [_recognised(segment) for segment in self._decoder.seg() if not segment.word.startswith(_NOT_A_WORD)]


def _recognised(segment: Any) -> Recognised:
    return Recognised(
        text=_VARIANT.sub("", segment.word),
        start_ms=segment.start_frame * FRAME_MS,
        end_ms=(segment.end_frame + 1) * FRAME_MS,
        confidence=min(1.0, max(0.0, float(segment.prob))),
    )
