"""Detects hallucinated text by the recogniser's confidence, the VAD's speech, and loops.

Recognisers that are language models as well produce fluent sentences over silence and music, and
repeat themselves in loops. Text found here goes to ``suppressed_text`` and into no transcript.
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal

from earshot.analysis.findings import SuppressedText, Word
from earshot.analysis.types import Interval
from earshot.analysis.words.spelling import compared, joined

Reason = Literal["repetition", "low_probability", "no_speech", "language_unsupported"]

LEAST_LOG_PROBABILITY = -1.0
"""Mean natural log of the tokens' probabilities below which Whisper's own decoder counts a text as
failed (Radford et al. 2022, Robust speech recognition via large-scale weak supervision, section
4.5)."""
MOST_NO_SPEECH = 0.6
"""Probability of its no-speech token above which a doubtful text counts as silence (the same)."""
DOUBTED = -0.2
"""Mean log probability below which a text is kept only if the scene network detects speech: nearly
all words over babies, dogs and saws lie below it, and most of those over a telephone."""
BESIDE_SPEECH_MS = 300
"""A word this near to speech may belong to it: the time of words by attention has about this
precision, and the VAD may clip soft sounds."""
LONGEST_LOOP = 12
"""Maximum words in a phrase that is compared with the words right behind it."""
WORD_AGAIN = 6
PHRASE_AGAIN = 4
"""Repetitions in a row that make a word or a phrase a loop; "no, no, no" and a thanks said three
times are speech."""
_LOOP_IN_WORD = re.compile(r"(.{1,10}?)\1{9,}")
"""Ten repetitions inside one word, for scripts without spaces."""


def sift(
    words: Sequence[Word],
    speech: Sequence[Interval],
    log_probability: float | None,
    no_speech: float | None,
    voice: Callable[[], bool] | None = None,
    *,
    doubted: bool = False,
) -> tuple[list[Word], list[SuppressedText]]:
    """Splits the words of one stretch into spoken and hallucinated ones.

    Args:
        words: of one stretch and channel, in order of time.
        speech: of the VAD on that channel.
        log_probability: mean natural log of the tokens' probabilities; None where the recogniser
            has none.
        no_speech: probability of no speech; None likewise.
        voice: returns true if the scene network detects speech in the stretch; None where the gate
            is off.
        doubted: the language may be another one. A text that is one loop and nothing else is then
            no evidence of the recogniser's: its first occurrence is suppressed, too.
    """
    whole = _against_all(log_probability, no_speech, voice)
    reasons: list[Reason | None]
    if whole:
        reasons = [whole] * len(words)
    else:
        texts = [compared(word.text) for word in words]
        loops = [True] * len(texts) if doubted and _is_loop(texts) else looped(texts)
        reasons = [_reason(word, speech, again) for word, again in zip(words, loops, strict=True)]
    kept = [word for word, reason in zip(words, reasons, strict=True) if reason is None]
    return kept, _merged(words, reasons)


def _against_all(
    log_probability: float | None, no_speech: float | None, voice: Callable[[], bool] | None
) -> Reason | None:
    """The reason to reject all words of a stretch, if any."""
    if log_probability is None or log_probability >= DOUBTED:
        return None
    if log_probability < LEAST_LOG_PROBABILITY:
        return (
            "no_speech"
            if no_speech is not None and no_speech > MOST_NO_SPEECH
            else "low_probability"
        )
    return "no_speech" if voice and not voice() else None


def _reason(word: Word, speech: Sequence[Interval], again: bool) -> Reason | None:
    # Interpolated times are no evidence for the place of a word.
    if word.timing != "interpolated" and not _beside(word, speech):
        return "no_speech"
    return "repetition" if again or _LOOP_IN_WORD.search(word.text) else None


def _beside(word: Word, speech: Sequence[Interval]) -> bool:
    return any(
        word.start_ms < item.end_ms + BESIDE_SPEECH_MS
        and word.end_ms > item.start_ms - BESIDE_SPEECH_MS
        for item in speech
    )


def looped(words: Sequence[str]) -> list[bool]:
    """For each word, true if it repeats a loop; the first occurrence is kept."""
    again = [False] * len(words)
    start = 0
    while start < len(words):
        size, times = _loop(words, start)
        again[start + size : start + size * times] = [True] * (size * (times - 1))
        start += size * times
    return again


def _is_loop(words: Sequence[str]) -> bool:
    """True if nothing but a loop, whose last repetition may be cut off."""
    size, times = _loop(words, 0)
    return times > 1 and len(words) < size * (times + 1)


def _loop(words: Sequence[str], start: int) -> tuple[int, int]:
    """Size of the shortest phrase that loops from ``start`` on, and the number of its repetitions;
    (1, 1) if there is none."""
    for size in range(1, min(LONGEST_LOOP, (len(words) - start) // 2) + 1):
        phrase = words[start : start + size]
        times = 1
        while words[start + times * size : start + (times + 1) * size] == phrase:
            times += 1
        if times >= (WORD_AGAIN if size == 1 else PHRASE_AGAIN):
            return size, times
    return 1, 1


def _merged(words: Sequence[Word], reasons: Sequence[Reason | None]) -> list[SuppressedText]:
    """Combines neighbours suppressed for the same reason into one text."""
    texts = []
    for reason, run in groupby(zip(words, reasons, strict=True), key=lambda pair: pair[1]):
        if reason is not None:
            found = [word for word, _ in run]
            texts.append(
                SuppressedText(
                    text=joined(word.text for word in found),
                    reason=reason,
                    channel=found[0].channel,
                    start_ms=found[0].start_ms,
                    end_ms=max(word.end_ms for word in found),
                )
            )
    return texts
