"""What the live lane asks of its recogniser: the words of a window, and their times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from earshot.analysis.findings import Timing
from earshot.analysis.words.foreign import FOREIGN, other_language
from earshot.analysis.words.hallucinated import LEAST_LOG_PROBABILITY, looped
from earshot.analysis.words.spelling import compared, is_word, written
from earshot.analysis.words.times import Span
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.live.agreement import Spoken
from earshot.models.asr.moonshine import Moonshine, Text

Align = Callable[[Samples, Sequence[str]], list[tuple[Span, Timing]]]
"""Times in ms from the start of the samples, as ``earshot.models.asr.english_alignment``."""
Kind = Literal["partial", "final", "cut"]


@dataclass(frozen=True)
class Look:
    """A window to recognise."""

    kind: Kind
    """``partial``: speech continues; ``final``: it has paused; ``cut``: it has become too long, and
    the words are divided at one of their ends."""
    start: int
    """Position of the first sample in the session."""
    samples: Samples
    committed: tuple[Spoken, ...]
    """Words that the text begins with."""
    commits: bool = False
    """Whether its words may be committed."""
    pause: int | None = None
    """Where the pause of a ``final`` began."""

    @property
    def end(self) -> int:
        """Position behind the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True)
class Heard:
    """The words of a window."""

    words: tuple[Spoken, ...]
    """They begin with those that were committed."""
    times: tuple[tuple[Span, Timing], ...] = ()
    """Of each word, in ms from the start of the window; only of ``final`` and ``cut``."""
    suppressed: str | None = None
    """Why there are no words: they would be hallucinated."""
    forced: bool = False
    """The whole window's own text begins with other words than those that were committed."""


class Listener:
    """A recogniser for windows. May be used by several threads at a time."""

    def __init__(self, model: Moonshine, align: Align) -> None:
        self._model, self._align = model, align

    def listen(self, look: Look) -> Heard:
        """Recognises a window. The final text of a pause is that of the whole window, so that it
        does not depend on when the windows before were recognised; where it begins otherwise than
        what is committed, it is made again behind that."""
        heard = self._whole(look) if look.kind == "final" else None
        if heard is None:
            heard = self._behind(look)
            heard = replace(heard, forced=look.kind == "final")
        if look.kind == "partial" or not heard.words:
            return heard
        times = self._align(look.samples, [word.text for word in heard.words])
        return replace(heard, times=tuple(times))

    def _whole(self, look: Look) -> Heard | None:
        heard = self._judged(self._model.write(look.samples), look, 0)
        kept = look.committed
        own = [compared(word.text) for word in heard.words[: len(kept)]]
        if own != [compared(word.text) for word in kept]:
            return None
        return replace(heard, words=(*kept, *heard.words[len(kept) :]))

    def _behind(self, look: Look) -> Heard:
        begins = [token for word in look.committed for token in word.tokens]
        heard = self._judged(self._model.write(look.samples, begins), look, len(look.committed))
        kept = look.committed
        return replace(heard, words=(*kept, *heard.words[len(kept) :]))

    def _judged(self, text: Text, look: Look, kept: int) -> Heard:
        """The words of a text, without what is hallucinated; committed ones are not judged."""
        words = self._spoken(text)
        log_probability = float(np.mean(text.logs))
        if not kept:
            if log_probability < LEAST_LOG_PROBABILITY:
                return Heard((), suppressed="low_probability")
            if self._is_foreign(text, look):
                return Heard((), suppressed="language_unsupported")
        return Heard(tuple(words[: kept + _first_looped(words[kept:])]))

    def _spoken(self, text: Text) -> list[Spoken]:
        return [
            Spoken(written(word.text), tuple(tokens), word.confidence)
            for word, tokens in self._model.words(text)
            if is_word(written(word.text))
        ]

    def _is_foreign(self, text: Text, look: Look) -> bool:
        odds = self._model.foreign(look.samples, text)
        return odds is not None and other_language([odds])[0] > FOREIGN


def _first_looped(words: Sequence[Spoken]) -> int:
    """How many words come before those of a loop."""
    again = looped([compared(word.text) for word in words])
    return again.index(True) if True in again else len(words)


def ms(samples: int) -> int:
    """Samples as milliseconds."""
    return samples * 1000 // SAMPLE_RATE
