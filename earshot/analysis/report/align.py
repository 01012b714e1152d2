"""Assigns words to speakers and builds turns (C-17)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from earshot.analysis.findings import SpeakerTurn, Word
from earshot.analysis.spans import Track, fuse
from earshot.analysis.types import Interval, Utterance

TURN_GAP_MS = 1_000
"""A longer silence of a speaker ends the turn."""
WORDLESS_MS = 3_000
"""Minimum length of speech without words inside a recognised stretch that is reported; less is a
pause or padding."""


@dataclass(frozen=True)
class Floor:
    """A turn of one speaker on one channel, with its words (none for speech without recognised
    words)."""

    speaker: str
    span: Utterance
    words: tuple[Word, ...]


def turns_without_diarization(speech: Iterable[Utterance]) -> tuple[SpeakerTurn, ...]:
    """Speech as turns without diarization: a speaker a channel, in order of appearance (C-27)."""
    names: dict[int, str] = {}
    turns = []
    for utterance in sorted(speech, key=lambda item: (item.start_ms, item.channel)):
        speaker = names.setdefault(utterance.channel, f"s{len(names)}")
        turns.append(SpeakerTurn(speaker=speaker, **_place(utterance, utterance.channel)))
    return tuple(turns)


def take_floor(words: Iterable[Word], detected: Sequence[SpeakerTurn]) -> list[Floor]:
    """All turns of a recording in order of time; every word is in exactly one of them.

    ``detected`` is the speaker turns. A word is assigned to the speaker with the largest overlap on
    its channel, or else to the nearest one there. Words of one speaker closer than ``TURN_GAP_MS``
    share a turn unless another speaker has a whole word between them; the rest of ``detected``
    becomes turns without words.
    """
    spoken = _spoken(words, detected)
    silent = _wordless(detected, [word for floor in spoken for word in floor.words])
    return sorted(
        spoken + silent,
        key=lambda floor: (
            floor.span.start_ms,
            floor.span.channel,
            floor.span.end_ms,
            floor.speaker,
        ),
    )


def _spoken(words: Iterable[Word], detected: Sequence[SpeakerTurn]) -> list[Floor]:
    everywhere = Track(detected)
    tracks = {
        channel: Track(turn for turn in detected if turn.channel == channel)
        for channel in {turn.channel for turn in detected}
    }
    lines: list[tuple[str, list[Word]]] = []
    # speaker and channel to the turn that may continue
    latest: dict[tuple[str, int], list[Word]] = {}
    walked: list[tuple[str, Word]] = []
    for word in sorted(words, key=lambda word: (word.start_ms, word.end_ms)):
        turn = tracks.get(word.channel, everywhere).nearest(word)
        speaker = turn.speaker if turn else "s0"
        line = latest.get((speaker, word.channel))
        if (
            line
            and word.start_ms - line[-1].end_ms < TURN_GAP_MS
            and not _answered(walked, speaker, line[-1], word)
        ):
            line.append(word)
        else:
            latest[speaker, word.channel] = [word]
            lines.append((speaker, latest[speaker, word.channel]))
        walked.append((speaker, word))
    return [_floor(speaker, line) for speaker, line in lines]


def _answered(walked: Sequence[tuple[str, Word]], speaker: str, last: Word, word: Word) -> bool:
    """True if another speaker has a whole word between these two; words that overlap them do not
    end a turn."""
    since = takewhile(lambda said: said[1].start_ms >= last.end_ms, reversed(walked))
    return any(other != speaker and said.end_ms <= word.start_ms for other, said in since)


def _floor(speaker: str, words: Sequence[Word]) -> Floor:
    span = Interval(start_ms=words[0].start_ms, end_ms=max(word.end_ms for word in words))
    return Floor(speaker, Utterance(**_place(span, words[0].channel)), tuple(words))


def _wordless(detected: Sequence[SpeakerTurn], words: Sequence[Word]) -> list[Floor]:
    covered = {
        channel: Track(fuse(word for word in words if word.channel == channel))
        for channel in {word.channel for word in words}
    }
    talk: Track[Utterance] = Track([*detected, *words])
    gaps: dict[tuple[str, int], list[Interval]] = defaultdict(list)
    for turn in detected:
        worded = covered[turn.channel].meeting(turn) if turn.channel in covered else []
        gaps[turn.speaker, turn.channel] += _left_over(turn, worded)
    return [
        Floor(speaker, Utterance(**_place(gap, channel)), ())
        for (speaker, channel), items in gaps.items()
        for gap in _joined(items, talk)
    ]


def _joined(gaps: Iterable[Interval], talk: Track[Utterance]) -> list[Interval]:
    """Gaps less than ``TURN_GAP_MS`` apart as one, unless there are words in between."""
    joined: list[Interval] = []
    for gap in sorted(gaps, key=lambda gap: gap.start_ms):
        end = joined[-1].end_ms if joined else 0
        pause = Interval(start_ms=min(end, gap.start_ms), end_ms=gap.start_ms)
        said = [
            item
            for item in talk.meeting(pause)
            if pause.start_ms <= item.start_ms and item.end_ms <= pause.end_ms
        ]
        if joined and gap.start_ms - end < TURN_GAP_MS and not said:
            joined[-1] = Interval(start_ms=joined[-1].start_ms, end_ms=max(end, gap.end_ms))
        else:
            joined.append(gap)
    return joined


def _left_over(turn: SpeakerTurn, worded: Sequence[Interval]) -> list[Interval]:
    """The parts of the turn without words: all of it, or the gaps of ``WORDLESS_MS`` and more."""
    if not worded:
        return (
            [Interval(start_ms=turn.start_ms, end_ms=turn.end_ms)]
            if turn.end_ms > turn.start_ms
            else []
        )
    starts = [turn.start_ms, *(span.end_ms for span in worded)]
    ends = [*(span.start_ms for span in worded), turn.end_ms]
    return [
        Interval(start_ms=a, end_ms=b)
        for a, b in zip(starts, ends, strict=True)
        if b - a >= WORDLESS_MS
    ]


def _place(span: Interval, channel: int) -> dict[str, int]:
    return {"start_ms": span.start_ms, "end_ms": span.end_ms, "channel": channel}
