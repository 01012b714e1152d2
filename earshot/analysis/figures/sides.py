"""Figures of one participant: rate of words, shift of sentiment, loudness."""

from collections.abc import Sequence

from earshot.analysis.figures.definitions import QUARTER, QUIETEST_LUFS, TIMED_WORDS
from earshot.analysis.figures.sections import Loudness, NoRate, SentimentShift, WordRate
from earshot.analysis.figures.stretches import common_ms, length_ms
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.report.pooling import PLACES
from earshot.analysis.report.sections import Turn
from earshot.analysis.spans import fuse
from earshot.analysis.types import Interval

MINUTE_MS = 60_000


def word_rate(talk: Sequence[Interval], turns: Sequence[Turn]) -> WordRate:
    """Words a minute over the transcribed part of the speech."""
    words = [word for turn in turns for word in turn.words]
    missed = fuse(turn for turn in turns if not turn.transcribed)
    spoken = length_ms(talk) - common_ms(talk, missed)
    timed = sum(word.timing != "interpolated" for word in words)
    reason: NoRate | None = None
    if not talk:
        reason = "no_speech"
    elif not spoken:
        reason = "not_transcribed"
    elif not words:
        reason = "no_words"
    elif timed < TIMED_WORDS * len(words):
        reason = "no_word_times"
    value = None if reason else round(len(words) * MINUTE_MS / spoken, 1)
    return WordRate(value=value, words=len(words), speech_ms=spoken, reason=reason)


def sentiment_shift(talk: Sequence[Interval], turns: Sequence[Turn]) -> SentimentShift:
    """From the first edge of the participant's time to the last one."""
    scored = [turn for turn in turns if turn.sentiment and not turn.sentiment.abstained]
    if not talk or not scored:
        return SentimentShift(
            value=None, start=None, end=None, n_start=0, n_end=0, reason="not_scored"
        )
    first, last = talk[0].start_ms, max(span.end_ms for span in talk)
    edge = (last - first) * QUARTER
    early = [turn for turn in scored if _middle(turn) <= first + edge]
    late = [turn for turn in scored if _middle(turn) >= last - edge]
    start, end = _mean(early), _mean(late)
    value = None if start is None or end is None else round(end - start, PLACES)
    return SentimentShift(
        value=value,
        start=start,
        end=end,
        n_start=len(early),
        n_end=len(late),
        reason="too_few" if value is None else None,
    )


def _middle(turn: Interval) -> float:
    return (turn.start_ms + turn.end_ms) / 2


def _mean(turns: Sequence[Turn]) -> float | None:
    """Positive less negative share, weighted by length; None without turns."""
    total = length_ms(turns)
    if not total:
        return None
    mass = 0.0
    for turn in turns:
        scores = turn.sentiment.scores if turn.sentiment else {}
        share = scores.get("positive", 0.0) - scores.get("negative", 0.0)
        mass += share * (turn.end_ms - turn.start_ms)
    return round(mass / total, PLACES)


def loudness(quality: RecordingQuality | None, channels: Sequence[int]) -> Loudness | None:
    """That of the participant's only channel."""
    known = {each.channel: each.loudness_lufs for each in quality.channels} if quality else {}
    lufs = known.get(channels[0]) if len(channels) == 1 else None
    if lufs is None:
        return None
    view = 100 * (lufs - QUIETEST_LUFS) / -QUIETEST_LUFS
    return Loudness(lufs=lufs, view=round(min(max(view, 0.0), 100.0), 1))
