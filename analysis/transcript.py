"""The spoken side of a report: words of all chunks joined, speakers named, turns with how they sounded."""

from collections.abc import Sequence

from analysis.align import Floor, heard_without_diarization
from analysis.findings import AsrFindings, DiarizationFindings, Emotion, RoleScores, SpeakerTurn, Word
from analysis.overlap import join_runs
from analysis.parts import Evidence
from analysis.pool import PLACES, classify, pool_emotions
from analysis.sections import Speaker, SpokenWord, Turn
from analysis.spans import fuse
from analysis.types import Interval, Utterance
from analysis.voices import Tracks, of_role, within


def joined_words(evidence: Evidence) -> list[Word]:
    """Every recognised word once, channel by channel."""
    found = evidence.found("asr", AsrFindings)
    words: list[Word] = []
    for channel in range(evidence.recording.channels):
        run: list[Word] = []
        covered = 0
        for part, findings in found:
            chunk = [word for word in findings.words if word.channel == channel]
            overlap = Interval(start_ms=min(part.start_ms, covered), end_ms=covered)
            run = join_runs(run, chunk, overlap) if part.start_ms < covered else run + chunk
            covered = part.end_ms
        words += run
    return words


def heard_turns(evidence: Evidence, words: Sequence[Word]) -> tuple[SpeakerTurn, ...]:
    """Who spoke when: as diarization says; without it, by channel where channels have roles, or else one speaker."""
    for _, findings in evidence.found("diarization", DiarizationFindings):
        return findings.turns
    sounds: list[Utterance] = [utterance for chunk in evidence.recording.chunks for utterance in chunk.speech]
    speech = [
        Utterance(start_ms=span.start_ms, end_ms=span.end_ms, channel=channel)
        for channel in range(evidence.recording.channels)
        for span in fuse(item for item in [*sounds, *words] if item.channel == channel)
    ]
    return heard_without_diarization(speech, by_channel=bool(evidence.recording.roles))


def name_speakers(heard: Sequence[SpeakerTurn], floors: Sequence[Floor], roles: Sequence[str]) -> tuple[Speaker, ...]:
    """The speakers in order of their number, with the channel and role that only the channel layout can tell."""
    spans: dict[str, list[Utterance]] = {floor.speaker: [] for floor in floors}
    for turn in heard:
        spans.setdefault(turn.speaker, []).append(turn)
    for floor in floors:
        if not spans[floor.speaker]:
            spans[floor.speaker].append(floor.span)
    return tuple(_speaker(name, spans[name], roles) for name in sorted(spans, key=lambda name: int(name[1:])))


def _speaker(name: str, spans: Sequence[Utterance], roles: Sequence[str]) -> Speaker:
    channels = {span.channel for span in spans}
    channel = channels.pop() if len(channels) == 1 else None
    role = roles[channel] if channel is not None and roles else None
    talk = sum(span.end_ms - span.start_ms for span in fuse(spans))
    return Speaker(id=name, channel=channel, role=role, talk_ms=talk)


def make_turns(
    floors: Sequence[Floor], roles: Sequence[str], emotions: Tracks[Emotion], sentiments: Tracks[RoleScores]
) -> tuple[Turn, ...]:
    """Turns in order of time, with emotion and sentiment pooled from the utterances inside them."""
    return tuple(
        _turn(f"t{index}", floor, roles[floor.span.channel] if roles else None, emotions, sentiments)
        for index, floor in enumerate(floors)
    )


def _turn(name: str, floor: Floor, role: str | None, emotions: Tracks[Emotion], sentiments: Tracks[RoleScores]) -> Turn:
    words = floor.words
    return Turn(
        id=name,
        speaker=floor.speaker,
        role=role,
        channel=floor.span.channel,
        start_ms=floor.span.start_ms,
        end_ms=floor.span.end_ms,
        text=" ".join(word.text for word in words),
        words=tuple(SpokenWord(**word.model_dump(exclude={"channel"})) for word in words),
        confidence=round(sum(word.confidence for word in words) / len(words), PLACES) if words else None,
        emotion=pool_emotions(within(emotions, floor.span)),
        sentiment=classify((item.scores, weight) for item, weight in of_role(within(sentiments, floor.span), role)),
    )
