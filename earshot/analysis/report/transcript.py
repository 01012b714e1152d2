"""The conversation of a report: words of all chunks joined, speakers named, turns with emotion and
sentiment."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.analysis.emotion.findings import Emotion
from earshot.analysis.findings import (
    AsrFindings,
    DiarizationFindings,
    RoleScores,
    SpeakerTurn,
    Word,
)
from earshot.analysis.report.align import Floor, turns_without_diarization
from earshot.analysis.report.ordinary import OrdinaryVoice
from earshot.analysis.report.parts import Evidence, Part
from earshot.analysis.report.pooling import PLACES, pool_emotions
from earshot.analysis.report.sections import Speaker, SpokenWord, TranscriptConfidence, Turn
from earshot.analysis.report.voices import Tracks, of_role, sentiment_of, within
from earshot.analysis.spans import fuse
from earshot.analysis.types import Interval, Utterance
from earshot.analysis.words.overlap import border, join_runs
from earshot.analysis.words.spelling import joined


@dataclass(frozen=True)
class Transcript:
    """The output of speech recognition: every word once, the recognised stretches (in order,
    without overlap), and the language."""

    words: tuple[Word, ...] = ()
    answered: tuple[Interval, ...] = ()
    language: str | None = None
    doubtful_below: float | None = None
    """Confidence below which its words are doubtful; None unless all chunks with words have the
    same bound."""

    @property
    def confidence(self) -> TranscriptConfidence | None:
        """None without words, or where ``doubtful_below`` is not known."""
        if not self.words or self.doubtful_below is None:
            return None
        return TranscriptConfidence(
            words=len(self.words),
            doubtful=sum(word.confidence < self.doubtful_below for word in self.words),
            doubtful_below=self.doubtful_below,
        )


def transcribe(evidence: Evidence) -> Transcript:
    """The words of all chunks joined, channel by channel."""
    found = evidence.found("asr", AsrFindings)
    words = [
        word for channel in range(evidence.recording.channels) for word in _run(found, channel)
    ]
    languages = Counter(findings.language for _, findings in found).most_common(1)
    bounds = {findings.doubtful_below for _, findings in found if findings.words}
    return Transcript(
        words=tuple(words),
        answered=tuple(fuse(part for part, _ in found)),
        language=languages[0][0] if languages else None,
        doubtful_below=bounds.pop() if len(bounds) == 1 else None,
    )


def _run(found: Sequence[tuple[Part, AsrFindings]], channel: int) -> list[Word]:
    run: list[Word] = []
    covered = 0
    for part, findings in found:
        chunk = [word for word in findings.words if word.channel == channel]
        if part.start_ms < covered:
            overlap = Interval(start_ms=part.start_ms, end_ms=covered)
            at = border(run, overlap)  # earlier words are final, so joining all chunks stays linear
            run[at:] = join_runs(run[at:], chunk, overlap)
        else:
            run += chunk
        covered = part.end_ms
    return run


def spoken_turns(evidence: Evidence) -> tuple[SpeakerTurn, ...]:
    """Speaker turns by diarization, including simultaneous speech; empty without its answer."""
    found = (findings.turns for _, findings in evidence.found("diarization", DiarizationFindings))
    return next(filter(None, found), ())


def detected_turns(evidence: Evidence, words: Sequence[Word]) -> tuple[SpeakerTurn, ...]:
    """Speaker turns without overlap: by diarization; without it, by channel."""
    for _, findings in evidence.found("diarization", DiarizationFindings):
        if findings.turns:
            return findings.exclusive or findings.turns
    sounds: list[Utterance] = [
        utterance for chunk in evidence.recording.chunks for utterance in chunk.speech
    ]
    return turns_without_diarization(
        Utterance(start_ms=span.start_ms, end_ms=span.end_ms, channel=channel)
        for channel in range(evidence.recording.channels)
        for span in fuse(item for item in [*sounds, *words] if item.channel == channel)
    )


def name_speakers(turns: Sequence[SpeakerTurn], roles: Sequence[str]) -> tuple[Speaker, ...]:
    """The speakers in order of their number; the role is that of the channel, if channels have
    roles."""
    spans: dict[str, list[Utterance]] = {}
    for turn in turns:
        spans.setdefault(turn.speaker, []).append(turn)
    return tuple(
        _speaker(name, spans[name], roles) for name in sorted(spans, key=lambda name: int(name[1:]))
    )


def _speaker(name: str, spans: Sequence[Utterance], roles: Sequence[str]) -> Speaker:
    channel = spans[0].channel
    talk = sum(span.end_ms - span.start_ms for span in fuse(spans))
    return Speaker(id=name, channel=channel, role=roles[channel] if roles else None, talk_ms=talk)


def make_turns(
    floors: Sequence[Floor],
    roles: Sequence[str],
    answered: Sequence[Interval],
    emotions: Tracks[Emotion],
    sentiments: Tracks[RoleScores],
    voices: Mapping[str, OrdinaryVoice],
) -> tuple[Turn, ...]:
    """Turns in order of time, with emotion and sentiment pooled from the utterances inside them.

    ``roles`` holds the role of each channel, or nothing; ``answered`` is that of the
    ``Transcript``; ``voices`` are by speaker.
    """
    return tuple(
        _turn(
            f"t{index}",
            floor,
            roles[floor.span.channel] if roles else None,
            answered,
            emotions,
            sentiments,
            voices.get(floor.speaker),
        )
        for index, floor in enumerate(floors)
    )


def _turn(
    name: str,
    floor: Floor,
    role: str | None,
    answered: Sequence[Interval],
    emotions: Tracks[Emotion],
    sentiments: Tracks[RoleScores],
    voice: OrdinaryVoice | None,
) -> Turn:
    words = floor.words
    return Turn(
        **floor.span.model_dump(),
        id=name,
        speaker=floor.speaker,
        role=role,
        text=joined(word.text for word in words),
        transcribed=_inside(floor.span, answered),
        words=tuple(SpokenWord(**word.model_dump(exclude={"channel"})) for word in words),
        confidence=round(sum(word.confidence for word in words) / len(words), PLACES)
        if words
        else None,
        emotion=pool_emotions(within(emotions, floor.span), voice),
        sentiment=sentiment_of(of_role(within(sentiments, floor.span), role)),
    )


def _inside(span: Interval, stretches: Sequence[Interval]) -> bool:
    """True if one of the stretches, which are in order and without overlap, contains all of the
    span."""
    before = bisect_right(stretches, span.start_ms, key=lambda stretch: stretch.start_ms)
    return before > 0 and span.end_ms <= stretches[before - 1].end_ms
