"""Runs one utterance through a pocketsphinx decoder, and returns its words in milliseconds."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from earshot.compute.sound import Samples

FRAME_MS = 10
"""The decoder's clock (``frate`` 100)."""
FULL_SCALE = 32_768

_VARIANT = re.compile(r"\(\d+\)$")
"""Marks the second and later pronunciations of a word in the dictionary, as in ``the(2)``."""
_NOT_A_WORD = ("<", "[", "+")
"""First characters of the decoder's other outputs: ``<s>``, ``<sil>``, ``[NOISE]``,
``++BREATH++``."""


class Found(NamedTuple):
    """A word, its time, and the decoder's posterior for it."""

    text: str
    start_ms: int
    end_ms: int
    share: float


def hear(decoder: Any, samples: Samples) -> list[Found]:
    """Words of one utterance; none if the decoder finds no end. Earlier utterances have no
    influence.

    Args:
        decoder: a ``pocketsphinx.Decoder`` with a language model, or with a text to align.
    """
    pcm = np.clip(samples * FULL_SCALE, -FULL_SCALE, FULL_SCALE - 1).astype("<i2")
    decoder.reinit_feat()  # resets the noise and the cepstral mean of the previous utterance
    decoder.start_utt()
    # The whole utterance at once: its own cepstral mean is subtracted, not a running one.
    decoder.process_raw(pcm.tobytes(), False, True)
    decoder.end_utt()
    return [] if decoder.hyp() is None else list(_words(decoder))


def _words(decoder: Any) -> Iterator[Found]:
    for segment in decoder.seg():
        if not segment.word.startswith(_NOT_A_WORD):
            text = _VARIANT.sub("", segment.word)
            yield Found(
                text,
                segment.start_frame * FRAME_MS,
                (segment.end_frame + 1) * FRAME_MS,
                float(segment.prob),
            )
