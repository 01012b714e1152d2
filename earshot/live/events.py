"""Events of the live transcript, in the shape that clients get (docs/live.md)."""

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from earshot.analysis.words.spelling import compared, joined
from earshot.live.agreement import Spoken, shown
from earshot.live.listening import Heard, Look, ms
from earshot.live.segment import Segment

SPEAKER = "s0"
PLACES = 3


@dataclass
class Event:
    """One event, and for a final the state from which a session can be resumed behind it."""

    body: dict[str, Any]
    state: dict[str, Any] | None = field(default=None)


def partial_event(
    number: int, segment: Segment, look: Look, heard: Heard, lag_ms: int
) -> list[Event]:
    """The words so far; none while there is no word."""
    words = tuple(shown(heard.words, len(segment.committed)))
    if not look.commits and not _extends(words, segment.shown):
        words = segment.shown
    if not words:
        return []
    _show(segment, words)
    segment.stable_until_ms = max(
        segment.stable_until_ms, _stable_until(segment, look, heard.words)
    )
    body = {
        **_common(number, segment, words),
        "type": "partial",
        "is_final": False,
        "committed": joined(word.text for word in segment.committed),
        "start_ms": _start_ms(segment),
        "end_ms": ms(look.end),
        "stable_until_ms": segment.stable_until_ms,
        "lag_ms": lag_ms,
    }
    return [Event(body)]


def final_event(
    number: int, segment: Segment, look: Look, heard: Heard, lag_ms: int
) -> Event | None:
    """The words of a segment that has ended; None where it has none, and none were shown."""
    words = heard.words
    if not words and not segment.shown and heard.suppressed is None:
        return None
    _show(segment, words)
    start = ms(look.start)
    timed = [
        {
            "text": word.text,
            "start_ms": start + span[0],
            "end_ms": start + span[1],
            "confidence": round(word.confidence, PLACES),
            "timing": timing,
        }
        for word, (span, timing) in zip(words, heard.times, strict=True)
    ]
    end = timed[-1]["end_ms"] if timed else ms(look.end)
    body = {
        **_common(number, segment, words),
        "type": "final",
        "is_final": True,
        "committed": joined(word.text for word in words),
        "start_ms": timed[0]["start_ms"] if timed else _start_ms(segment),
        "end_ms": end,
        "stable_until_ms": ms(look.end),
        "lag_ms": lag_ms,
        "words": timed,
    }
    if heard.suppressed:
        body["suppressed"] = heard.suppressed
    return Event(body)


def _common(number: int, segment: Segment, words: tuple[Spoken, ...]) -> dict[str, Any]:
    share = round(fmean(word.confidence for word in words), PLACES) if words else None
    return {
        "segment_id": str(number),
        "speaker": SPEAKER,
        "text": joined(word.text for word in words),
        "emotion": None,
        "confidence": share,
        "revision": segment.revision,
    }


def _start_ms(segment: Segment) -> int:
    return ms(segment.speech[0] if segment.speech else segment.start)


def _show(segment: Segment, words: tuple[Spoken, ...]) -> None:
    if _texts(words) != _texts(segment.shown):
        segment.revision += 1
    segment.shown = words


def _texts(words: tuple[Spoken, ...]) -> list[str]:
    return [word.text for word in words]


def _extends(words: tuple[Spoken, ...], before: tuple[Spoken, ...]) -> bool:
    """Whether words begin with those before, but for punctuation."""
    own = [compared(word.text) for word in words[: len(before)]]
    return own == [compared(word.text) for word in before]


def _stable_until(segment: Segment, look: Look, words: tuple[Spoken, ...]) -> int:
    """End of the committed words, as far as their share of the letters says."""
    letters = [max(1, len(word.text)) for word in words]
    share = sum(letters[: len(segment.committed)]) / max(1, sum(letters))
    start = _start_ms(segment)
    return round(start + share * (ms(look.end) - start))
