"""Word times of known English text by forced alignment with pocketsphinx."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from earshot.analysis.findings import Timing
from earshot.analysis.words.spelling import compared
from earshot.analysis.words.times import Span, interpolate
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.models.asr.pocketsphinx_words import hear

LANGUAGE = "en"
HISS = 0.03
"""Level of added noise, relative to the audio. The acoustic model was not trained on empty bands,
as on a telephone line, and classifies speech there as silence: of 31 stretches of such a call it
aligned 11 without noise."""
ROUGHLY = {
    "th": "TH", "sh": "SH", "ch": "CH", "ph": "F", "ck": "K", "ng": "NG", "oo": "UW", "ee": "IY",
    "ou": "AW", "qu": "K W", "wh": "W", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH",
    "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N",
    "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W",
    "x": "K S", "y": "Y", "z": "Z", "0": "Z IH R OW", "1": "W AH N", "2": "T UW", "3": "TH R IY",
    "4": "F AO R", "5": "F AY V", "6": "S IH K S", "7": "S EH V AH N", "8": "EY T", "9": "N AY N",
}  # fmt: skip
"""Letters to the sounds (ARPAbet) that they often stand for. Sufficient to hold the place of a word
that is in no dictionary, so that its neighbours do not absorb its audio."""
SIGNS = str.maketrans({"@": " at ", ".": " dot ", "_": " underscore ", "-": " dash "})
"""As they are spoken in an address of e-mail, whose neighbours would absorb their audio."""
GUESSED = "?"
"""Suffix of a word with guessed sounds; no word of the dictionary ends with it."""
_ADDRESS = re.compile(r"[\w.-]+@[\w-]+(?:\.[\w-]+)*")
_LETTERS = re.compile("|".join(ROUGHLY))


def _spelled(address: re.Match[str]) -> str:
    return address[0].translate(SIGNS)


class Aligner:
    """One acoustic model and its dictionary, without a language model."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(
            samprate=SAMPLE_RATE, loglevel="FATAL", lm=None, bestpath=False
        )

    def align(self, samples: Samples, words: Sequence[str]) -> list[tuple[Span, Timing]]:
        """A span in ms for every word, in order of time. ``interpolated`` are words that are in no
        dictionary, with sounds guessed from their letters, and all words if the text cannot be
        aligned.

        Args:
            samples: mono, at ``SAMPLE_RATE``.
            words: as written, with punctuation.
        """
        length_ms = len(samples) * 1000 // SAMPLE_RATE
        sounds = [self._sounds(word) for word in words]
        spans = self._laid(samples, [name for own in sounds for name, _ in own])
        known: list[Span | None] = []
        at = 0
        for own in sounds:
            found = spans[at : at + len(own)]
            at += len(own)
            known.append((found[0][0], min(length_ms, found[-1][1])) if found else None)
        placed = interpolate(words, known, (0, length_ms))
        sure = [
            where is not None and all(spelt for _, spelt in own)
            for where, own in zip(known, sounds, strict=True)
        ]
        return [
            (span, "aligned" if certain else "interpolated")
            for span, certain in zip(placed, sure, strict=True)
        ]

    def _sounds(self, word: str) -> list[tuple[str, bool]]:
        """Names known to the decoder, each with a flag if it is in the dictionary: several for
        ``high-end``, none for a dash."""
        found = []
        for part in compared(_ADDRESS.sub(_spelled, word)).split():
            spelt = self._decoder.lookup_word(part) is not None
            name = part if spelt else self._guessed(part)
            if name:
                found.append((name, spelt))
        return found

    def _guessed(self, part: str) -> str:
        """A name for the part, with sounds from its letters; empty if it has no letters of this
        alphabet."""
        plain = unicodedata.normalize("NFKD", part)
        sounds = " ".join(ROUGHLY[letters] for letters in _LETTERS.findall(plain))
        name = f"{part}{GUESSED}" if sounds else ""
        if name and self._decoder.lookup_word(name) is None:
            self._decoder.add_word(name, sounds, False)
        return name

    def _laid(self, samples: Samples, sounds: Sequence[str]) -> Sequence[Span]:
        """One span for every sound, or none at all."""
        if not sounds:
            return ()
        hiss = (
            np.random.default_rng(0).standard_normal(len(samples), np.float32)
            * np.sqrt(np.mean(samples**2))
            * HISS
        )
        self._decoder.set_align_text(" ".join(sounds))
        found = hear(self._decoder, samples + hiss)
        return (
            [(word.start_ms, word.end_ms) for word in found]
            if [word.text for word in found] == list(sounds)
            else ()
        )
