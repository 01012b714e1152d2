"""The speech that figures are of, from the evidence and after corrections."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from earshot.analysis.figures.definitions import LATE_MS, LONGEST_WORD_MS, SOFT_MS, SOFTEST_MS
from earshot.analysis.figures.stretches import common
from earshot.analysis.findings import SpeakerTurn
from earshot.analysis.report.parts import Evidence
from earshot.analysis.report.sections import Speaker, SpokenWord, Turn
from earshot.analysis.report.transcript import spoken_turns
from earshot.analysis.spans import Track, clip, fuse
from earshot.analysis.types import INT32, PAD_MS, Interval, Utterance


def spoken(
    evidence: Evidence, speakers: Sequence[Speaker], turns: Sequence[Turn]
) -> tuple[SpeakerTurn, ...]:
    """Speech by speaker, in order of time.

    Where channels have roles it is the VAD's without its padding: turns of diarization are joined
    over short pauses there. Otherwise it is diarization's where the VAD agrees, and the VAD's
    without diarization. It starts with an aligned word where the VAD is late.
    """
    diarized = spoken_turns(evidence)
    detected = _detected(evidence)
    found = []
    for speaker in speakers:
        own = fuse(turn for turn in diarized if turn.speaker == speaker.id)
        spans = detected.get(speaker.channel, [])
        if own and not (spans and evidence.recording.roles):
            spans = common(own, spans) if spans else own
        words = [word for turn in turns if turn.speaker == speaker.id for word in turn.words]
        found += [
            SpeakerTurn(speaker=speaker.id, channel=speaker.channel, **span.model_dump())
            for span in edged(spans, words)
        ]
    return in_order(found)


def edged(spans: Sequence[Interval], words: Sequence[SpokenWord]) -> list[Interval]:
    """Speech that starts with its first aligned word, where the VAD is late at a soft sound."""
    track = Track(spans)
    first: dict[int, int] = {}
    for word in words:
        if word.timing == "aligned" and word.end_ms - word.start_ms <= LONGEST_WORD_MS:
            nearest = track.nearest(word)
            if nearest:
                start = nearest.start_ms
                first[start] = min(first.get(start, word.start_ms), word.start_ms)
    return fuse(_begun(span, first.get(span.start_ms, span.start_ms)) for span in spans)


def _begun(span: Interval, start_ms: int) -> Interval:
    soft = SOFT_MS <= span.start_ms - start_ms <= SOFTEST_MS
    return span.model_copy(update={"start_ms": start_ms}) if soft else span


def in_order(speech: Sequence[SpeakerTurn]) -> tuple[SpeakerTurn, ...]:
    """By time, then channel and speaker."""
    return tuple(sorted(speech, key=lambda each: (each.start_ms, each.channel, each.speaker)))


def _detected(evidence: Evidence) -> dict[int, list[Interval]]:
    """The VAD's speech of each channel; of a chunk only what that chunk owns."""
    bounds, found = evidence.bounds(), defaultdict(list)
    for chunk in evidence.recording.chunks:
        for span in chunk.speech:
            found[span.channel].append(clip(span, bounds[chunk.index]))
    end_ms = evidence.recording.duration_ms
    return {channel: _unpadded(fuse(spans), end_ms) for channel, spans in found.items()}


def _unpadded(spans: Sequence[Interval], end_ms: int) -> list[Interval]:
    """Without the padding, which does not reach beyond the ends of the recording, and without what
    the VAD is late by."""
    bare = [
        (
            span.start_ms + PAD_MS - LATE_MS if span.start_ms else 0,
            span.end_ms - PAD_MS - LATE_MS if span.end_ms < end_ms else end_ms,
        )
        for span in spans
    ]
    return [Interval(start_ms=start, end_ms=end) for start, end in bare if start < end]


def moved(
    speech: Sequence[SpeakerTurn],
    answered: Mapping[str, Turn],
    turns: Mapping[str, Turn],
    remaining: Mapping[str, str],
) -> tuple[SpeakerTurn, ...]:
    """The speech after corrections of turns: it has the speaker of its turn, which is the nearest
    one of the speaker that was answered. A turn with other boundaries is speech between them.

    Args:
        answered: turns by id before corrections, ``turns`` after them.
        remaining: id of a speaker before corrections to the one that it is part of.
    """
    owners: dict[str, list[Turn]] = defaultdict(list)
    for turn in sorted(answered.values(), key=lambda each: each.start_ms):
        owners[turn.speaker].append(turn)
    found = []
    for speaker in dict.fromkeys(each.speaker for each in speech):
        own = Track(each for each in speech if each.speaker == speaker)
        for turn, span in _owned(owners[speaker]):
            now = turns[turn.id]
            if _bounds(now) == _bounds(turn):
                found += [_part(each, span, now.speaker) for each in own.meeting(span)]
        if not owners[speaker]:
            found += [_part(each, each, remaining[speaker]) for each in own.items]
    for name, turn in turns.items():
        if _bounds(turn) != _bounds(answered[name]):
            found.append(SpeakerTurn(speaker=turn.speaker, **turn.model_dump(include=_PLACE)))
    return in_order(found)


_PLACE = set(Utterance.model_fields)


def _bounds(turn: Interval) -> tuple[int, int]:
    return turn.start_ms, turn.end_ms


def _owned(turns: Sequence[Turn]) -> list[tuple[Turn, Interval]]:
    """Each turn with the time that is nearer to it than to its neighbours."""
    if not turns:
        return []
    cuts = [(a.end_ms + max(a.end_ms, b.start_ms)) // 2 for a, b in pairwise(turns)]
    return [
        (turn, Interval(start_ms=start, end_ms=max(start, end)))
        for turn, start, end in zip(turns, [0, *cuts], [*cuts, INT32], strict=True)
    ]


def _part(speech: SpeakerTurn, span: Interval, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(speaker=speaker, channel=speech.channel, **clip(speech, span).model_dump())
