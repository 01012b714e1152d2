"""Finds turns and speakers again by their time: their numbers change from round to round."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

from earshot.analysis.corrections.records import Spot, Voice
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Turn
from earshot.analysis.spans import Track, fuse, overlap_ms
from earshot.analysis.types import Interval

LEAST = 0.5
"""Two spans are the same if what they share is more than this part of what they cover together: at
most one of several spans without overlap can be."""
MOST_SPANS = 16
"""Of a stored voice: they and the total are enough to find it again, and reports with many
corrections stay small."""

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
        turns: dict[tuple[str, int], list[Turn]] = {}
        for turn in report.turns:
            turns.setdefault((turn.speaker, turn.channel), []).append(turn)
        self._spans = {place: _fused(found) for place, found in turns.items()}
        self._voices = {
            (speaker, channel): Voice(
                speaker=speaker, channel=channel, spans=_longest(spans), talk_ms=_length(spans)
            )
            for (speaker, channel), spans in self._spans.items()
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
        return self._voices.get((speaker, channel)) or Voice(speaker=speaker, channel=channel)

    def speaker(self, voice: Voice) -> str | None:
        """The id of that speaker; None if none speaks at about the same times. One without turns
        has only its id."""
        if voice.made:
            return None
        if not voice.spans:
            known = self.speakers.get(voice.speaker)
            return voice.speaker if known and known.channel == voice.channel else None
        shares = {
            speaker: self._alike((speaker, channel), voice)
            for speaker, channel in self._spans
            if channel == voice.channel and speaker in self.speakers
        }
        best = max(shares, key=lambda each: (shares[each], each == voice.speaker), default=None)
        return best if best is not None and shares[best] > LEAST else None

    def holding(self, voice: Voice) -> str | None:
        """The id of the one speaker that has most of that speaker's time, and maybe that of
        others; None if there is none."""
        total = _length(voice.spans)
        for (speaker, channel), spans in sorted(self._spans.items()):
            if channel == voice.channel and 2 * shared_ms(spans, voice.spans) > total:
                return speaker
        return None

    def _alike(self, place: tuple[str, int], voice: Voice) -> float:
        """``likeness`` of a speaker's and a voice's time, if the turns that are not stored are
        shared as the stored ones are; exact if all are stored."""
        known = _length(voice.spans)
        if not known:
            return 0.0
        length = self._voices[place].talk_ms
        both = shared_ms(self._spans[place], voice.spans) * voice.talk_ms / known
        both = min(both, length)
        return both / (length + voice.talk_ms - both)


def likeness(a: tuple[int, int], b: tuple[int, int]) -> float:
    """What two spans share as a part of what they cover together, in 0 to 1."""
    if a == b:
        return 1.0
    both = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    covered = a[1] - a[0] + b[1] - b[0] - both
    return both / covered if covered else 0.0


def shared_ms(many: Spans, few: Spans) -> int:
    """Time in both of two sets of spans, each in order and without overlap."""
    total = 0
    for start, end in few:
        at = bisect_right(many, start, key=itemgetter(1))
        while at < len(many) and many[at][0] < end:
            total += min(end, many[at][1]) - max(start, many[at][0])
            at += 1
    return total


def share_within(part: Interval, whole: Interval) -> float:
    """Part of ``whole`` that ``part`` covers."""
    length = whole.end_ms - whole.start_ms
    return overlap_ms(part, whole) / length if length else 0.0


def _times(span: Interval) -> tuple[int, int]:
    return span.start_ms, span.end_ms


def _length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)


def _longest(spans: Spans) -> tuple[tuple[int, int], ...]:
    ordered = sorted(spans, key=lambda span: span[0] - span[1])
    return tuple(sorted(ordered[:MOST_SPANS]))


def _fused(turns: Iterable[Turn]) -> Spans:
    return [_times(span) for span in fuse(turns)]
