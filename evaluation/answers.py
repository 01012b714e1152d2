"""One answer for a whole recording from those of its chunks, pooled by the rules of the report."""

from dataclasses import dataclass

from earshot.analysis.emotion.findings import Emotion, EmotionFindings
from earshot.analysis.findings import (
    UNCLEAR,
    Classification,
    DiarizationFindings,
    SceneFindings,
    SentimentFindings,
)
from earshot.analysis.outcome import Failed, Skipped, Succeeded
from earshot.analysis.report.conversation import judging_of, section
from earshot.analysis.report.ordinary import unknown_voice
from earshot.analysis.report.parts import Evidence, with_bounds
from earshot.analysis.report.pooling import classify, pool_emotions
from earshot.analysis.report.prevailing import scene_of
from earshot.analysis.report.sections import EmotionSummary
from earshot.analysis.report.transcript import transcribe
from earshot.analysis.report.voices import Tracks, of_role, sentiment_of, tracks, within
from earshot.analysis.types import Interval, Utterance
from earshot.analysis.words.spelling import joined
from evaluation.measures.der import Spoken


@dataclass(frozen=True)
class Nothing:
    """The reason for a missing answer. ``failed``: there should be one; else there was nothing to
    analyse."""

    reason: str
    detail: str = ""
    failed: bool = False


def nothing(evidence: Evidence, analysis: str) -> Nothing | None:
    """The reason why the analysis has no answer for the whole recording; None if it has one. One
    failed chunk invalidates it."""
    outcomes = [part.outcome for part in evidence.parts if part.analysis == analysis]
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            return Nothing(outcome.code, outcome.detail, failed=True)
    if any(isinstance(outcome, Succeeded) for outcome in outcomes):
        return None
    return Nothing(
        next((outcome.reason for outcome in outcomes if isinstance(outcome, Skipped)), "no_chunks")
    )


def classification(evidence: Evidence, analysis: str) -> Classification | EmotionSummary | None:
    """The recording's label, or None where the analysis publishes none."""
    if analysis == "scene":
        return scene_of(with_bounds(evidence.found("scene", SceneFindings), evidence.bounds()))
    if analysis == "emotion":
        return emotion(evidence)
    return sentiment(evidence) if analysis == "sentiment" else _of_chunks(evidence, analysis)


def of_turns(evidence: Evidence, analysis: str) -> tuple[Classification | EmotionSummary, ...]:
    """What the report has for each turn; turns are the VAD's speech where diarization was not asked
    for."""
    found = section(evidence).turns
    each = ((turn.emotion if analysis == "emotion" else turn.sentiment) for turn in found)
    return tuple(answer for answer in each if answer is not None)


def emotion(evidence: Evidence) -> EmotionSummary | None:
    """Over all utterances, by their length, as for a turn."""
    found = with_bounds(evidence.found("emotion", EmotionFindings), evidence.bounds())
    utterances: Tracks[Emotion] = tracks(
        (item, bounds) for findings, bounds in found for item in findings.utterances
    )
    judging = judging_of(evidence)
    return pool_emotions(
        [pair for channel in utterances for pair in within(utterances, _all(evidence, channel))],
        unknown_voice(judging) if judging else None,
    )


def sentiment(evidence: Evidence) -> Classification | None:
    """Over all utterances, by their length: under the model of the channel's role, under all if it
    has none."""
    found = with_bounds(evidence.found("sentiment", SentimentFindings), evidence.bounds())
    utterances = tracks(
        (item, bounds) for findings, bounds in found for item in findings.utterances
    )
    roles = evidence.recording.roles
    chosen = (
        of_role(within(utterances, _all(evidence, channel)), roles[channel] if roles else None)
        for channel in utterances
    )
    return sentiment_of(pair for part in chosen for pair in part)


def _of_chunks(evidence: Evidence, analysis: str) -> Classification | None:
    """Over all chunks, by the length of the stretch owned by each; abstained if chunks that
    abstained own more than half of the time."""
    bounds = evidence.bounds()
    parts = []
    for part in evidence.parts:
        if (
            part.analysis == analysis
            and isinstance(part.outcome, Succeeded)
            and part.outcome.classification
        ):
            span = bounds.get(part.chunk, Interval(start_ms=part.start_ms, end_ms=part.end_ms))
            parts.append((part.outcome.classification, span.end_ms - span.start_ms))
    pooled = classify((answer.scores, float(owned)) for answer, owned in parts)
    unclear = sum(owned for answer, owned in parts if answer.abstained)
    if pooled is None or 2 * unclear <= sum(owned for _, owned in parts):
        return pooled
    return pooled.model_copy(update={"label": UNCLEAR, "abstained": True})


def transcript(evidence: Evidence) -> str:
    """All words in order of time, joined over chunks as in the report."""
    words = sorted(transcribe(evidence).words, key=lambda word: word.start_ms)
    return joined(word.text for word in words)


def turns(evidence: Evidence) -> tuple[Spoken, ...]:
    """The speaker turns."""
    found = evidence.found("diarization", DiarizationFindings)
    return tuple(
        Spoken(turn.speaker, turn.start_ms, turn.end_ms)
        for _, findings in found
        for turn in findings.turns
    )


def _all(evidence: Evidence, channel: int) -> Utterance:
    return Utterance(start_ms=0, end_ms=evidence.recording.duration_ms, channel=channel)
