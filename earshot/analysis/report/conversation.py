"""The section of asr, diarization, emotion and both sentiments: speakers, and their turns with
words, emotion and sentiment. It is one, as each needs the others: words are given to the speakers
of diarization, emotion and sentiment are pooled over the turns that this makes."""

from collections.abc import Sequence
from dataclasses import dataclass

from earshot.analysis.emotion.findings import Emotion, EmotionFindings, Judging
from earshot.analysis.findings import RoleScores, SentimentFindings
from earshot.analysis.report.align import Floor, take_floor
from earshot.analysis.report.ordinary import OrdinaryVoice, ordinary_voice, unknown_voice
from earshot.analysis.report.parts import Evidence, with_bounds
from earshot.analysis.report.registered import ReportFields
from earshot.analysis.report.sections import Speaker, TranscriptConfidence, Turn, VoiceSentiment
from earshot.analysis.report.transcript import (
    detected_turns,
    make_turns,
    name_speakers,
    spoken_turns,
    transcribe,
)
from earshot.analysis.report.voices import Tracks, sentiment_of_voices, tracks, within
from earshot.analysis.text_sentiment.by_speaker import fusion_section, talks, text_section
from earshot.analysis.text_sentiment.sections import FusionSection, TextSection
from earshot.analysis.text_sentiment.turns import text_findings, with_text


@dataclass(frozen=True)
class ConversationFields(ReportFields):
    """See the fields of the report."""

    speakers: tuple[Speaker, ...]
    transcript_language: str | None
    transcript_confidence: TranscriptConfidence | None
    turns: tuple[Turn, ...]
    sentiment: tuple[VoiceSentiment, ...]
    text_sentiment: TextSection | None
    fusion: FusionSection | None


def section(evidence: Evidence) -> ConversationFields:
    """Speakers and turns from those of the five analyses that answered. Without any, turns are the
    VAD's speech."""
    roles, transcript = evidence.recording.roles, transcribe(evidence)
    detected = detected_turns(evidence, transcript.words)
    floors = take_floor(transcript.words, detected)
    speakers = name_speakers(spoken_turns(evidence) or detected, roles)
    emotions, sentiments = _emotions(evidence), _sentiments(evidence)
    voices = _voices(evidence, emotions, floors)
    turns = make_turns(floors, roles, transcript.answered, emotions, sentiments, voices)
    acoustic, texts = sentiment_of_voices(sentiments, speakers, floors), text_findings(evidence)
    if texts:
        turns = with_text(texts, turns)
    spoken = talks(speakers, turns, evidence.recording.duration_ms)
    return ConversationFields(
        speakers=speakers,
        transcript_language=transcript.language,
        transcript_confidence=transcript.confidence,
        turns=turns,
        sentiment=acoustic,
        text_sentiment=text_section(texts.language, texts.models, spoken) if texts else None,
        fusion=fusion_section(texts.rule, spoken, acoustic) if texts else None,
    )


def _voices(
    evidence: Evidence, emotions: Tracks[Emotion], floors: Sequence[Floor]
) -> dict[str, OrdinaryVoice]:
    """The ordinary voice of each speaker; none if the release judges utterances by themselves.
    Nothing is known of a voice where several people may share a channel: it is one speaker only by
    diarization or by its role."""
    judging = judging_of(evidence)
    if judging is None:
        return {}
    if not (spoken_turns(evidence) or evidence.recording.roles):
        return {floor.speaker: unknown_voice(judging) for floor in floors}
    spoken: dict[str, list[tuple[Emotion, float]]] = {}
    for floor in floors:
        spoken.setdefault(floor.speaker, []).extend(within(emotions, floor.span))
    return {speaker: ordinary_voice(judging, parts) for speaker, parts in spoken.items()}


def judging_of(evidence: Evidence) -> Judging | None:
    """How emotion judges voices; None where it does not, or where its chunks disagree, as after a
    change of the release or of a setting."""
    found = [findings.judging for _, findings in evidence.found("emotion", EmotionFindings)]
    return found[0] if found and all(each == found[0] for each in found) else None


def _emotions(evidence: Evidence) -> Tracks[Emotion]:
    found = with_bounds(evidence.found("emotion", EmotionFindings), evidence.bounds())
    return tracks(
        (utterance, bounds) for findings, bounds in found for utterance in findings.utterances
    )


def _sentiments(evidence: Evidence) -> Tracks[RoleScores]:
    found = with_bounds(evidence.found("sentiment", SentimentFindings), evidence.bounds())
    return tracks(
        (utterance, bounds) for findings, bounds in found for utterance in findings.utterances
    )
