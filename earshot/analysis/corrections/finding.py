"""Finds turns and speakers again by their time: their numbers change from round to round."""

from collections.abc import Iterable, Sequence

from earshot.analysis.corrections.records import Spot, Voice
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.analysis.spans import Track, fuse, overlap_ms
from earshot.analysis.types import Interval

LEAST = 0.5
"""Two spans are the same if what they share is more than this part of what they cover together: at
most one of several spans without overlap can be."""

Spans = Sequence[tuple[int, int]]


class Answered:
    """Turns and speakers as the analyses answered."""

    def __init__(self, report: Report) -> None:
        self.turns = {turn.id: turn for turn in report.turns}
        self.speakers = {speaker.id: speaker for speaker in report.speakers}
        self._tracks = {
            channel: Track(turn for turn in report.turns if turn.channel == channel)
            for channel in {turn.channel for turn in report.turns}
        }
        self._voices = {
            (speaker, channel): _fused(
                turn for turn in report.turns if (turn.speaker, turn.channel) == (speaker, channel)
            )
            for speaker, channel in {(turn.speaker, turn.channel) for turn in report.turns}
        }

    def turn(self, spot: Spot, text: str | None = None) -> Turn | None:
        """The turn at that place: with the largest share of time in common, or the only one there
        with the same words; None if there is none."""
        track = self._tracks.get(spot.channel)
        near = track.meeting(spot) if track else []
        if not near and track:  # without any length
            near = [each for each in track.items if _times(each) == _times(spot)]
        close = [each for each in near if likeness(_times(each), _times(spot)) > LEAST]
        if close:
            return max(
                close,
                key=lambda each: (
                    likeness(_times(each), _times(spot)),
                    each.speaker == spot.speaker,
                    each.text == text,
                ),
            )
        alike = [each for each in near if text and each.text == text]
        return alike[0] if len(alike) == 1 else None

    def spot(self, turn_id: str) -> Spot:
        """The place of a turn."""
        turn = self.turns[turn_id]
        return Spot(
            channel=turn.channel,
            start_ms=turn.start_ms,
            end_ms=turn.end_ms,
            speaker=turn.speaker,
        )

    def voice(self, speaker: str) -> Voice:
        """A speaker by the time of its turns."""
        channel = self.speakers[speaker].channel
        spans = self._voices.get((speaker, channel), ())
        return Voice(speaker=speaker, channel=channel, spans=tuple(spans))

    def speaker(self, voice: Voice) -> str | None:
        """The id of that speaker; None if none speaks at about the same times. One without turns
        has only its id."""
        if voice.made:
            return None
        if not voice.spans:
            known = self.speakers.get(voice.speaker)
            return voice.speaker if known and known.channel == voice.channel else None
        shares = {
            speaker: alike(spans, voice.spans)
            for (speaker, channel), spans in self._voices.items()
            if channel == voice.channel and speaker in self.speakers
        }
        best = max(shares, key=lambda each: (shares[each], each == voice.speaker), default=None)
        return best if best is not None and shares[best] > LEAST else None

    def holding(self, voice: Voice) -> str | None:
        """The id of the one speaker that has most of that speaker's time, and maybe that of
        others; None if there is none."""
        total = _length(voice.spans)
        for (speaker, channel), spans in sorted(self._voices.items()):
            if channel == voice.channel and 2 * shared_ms(spans, voice.spans) > total:
                return speaker
        return None


def likeness(a: tuple[int, int], b: tuple[int, int]) -> float:
    """What two spans share as a part of what they cover together, in 0 to 1."""
    if a == b:
        return 1.0
    both = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    covered = a[1] - a[0] + b[1] - b[0] - both
    return both / covered if covered else 0.0


def alike(a: Spans, b: Spans) -> float:
    """``likeness`` of two sets of spans, each in order and without overlap."""
    both = shared_ms(a, b)
    covered = _length(a) + _length(b) - both
    return both / covered if covered else 0.0


def shared_ms(a: Spans, b: Spans) -> int:
    """Time in both of two sets of spans, each in order and without overlap."""
    total = at = 0
    for start, end in a:
        while at < len(b) and b[at][1] <= start:
            at += 1
        following = at
        while following < len(b) and b[following][0] < end:
            total += min(end, b[following][1]) - max(start, b[following][0])
            following += 1
    return total


def share_within(part: Interval, whole: Interval) -> float:
    """Part of ``whole`` that ``part`` covers."""
    length = whole.end_ms - whole.start_ms
    return overlap_ms(part, whole) / length if length else 0.0


def _times(span: Interval) -> tuple[int, int]:
    return span.start_ms, span.end_ms


def _length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)


def _fused(turns: Iterable[Turn]) -> Spans:
    return [_times(span) for span in fuse(turns)]
