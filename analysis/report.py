"""The merged result of a recording, and the rule that makes it out of the outcomes of its chunks."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from analysis.align import take_floor
from analysis.findings import (
    Emotion,
    EmotionFindings,
    LabelledInterval,
    NoiseFindings,
    RoleScores,
    SceneFindings,
    SentimentFindings,
)
from analysis.outcome import Failed, Skipped, Succeeded
from analysis.parts import ChunkSpan, Evidence, Part, RecordingFacts, RecordingInfo, clipped, gather
from analysis.sections import ChunkClassification, Missing, NoiseSection, SkippedPart, Speaker, Stretch, Turn, VoiceSentiment
from analysis.timeline import merge_labels
from analysis.transcript import heard_turns, joined_words, make_turns, name_speakers
from analysis.types import WHOLE, Frozen, Interval
from analysis.voices import Tracks, sentiment_of_voices, tracks

__all__ = ["SCHEMA_VERSION", "ChunkSpan", "Part", "RecordingInfo", "Report", "build_report"]

SCHEMA_VERSION = "1.0"
"""Grows by a minor step when a field is added, by a major one when a field changes its meaning or goes."""

MERGED = ("scene", "noise", "sentiment", "asr", "emotion", "diarization")
"""Analyses with a section of their own; the answers of any other are listed under ``classifications``."""


class Report(Frozen):
    """Everything that was heard in one recording. Times are integer milliseconds on the recording's own time line."""

    schema_version: Annotated[str, Field(description="Version of this schema.")] = SCHEMA_VERSION
    recording: RecordingFacts
    status: Literal["complete", "partial"] = Field(description="partial when an analysis failed somewhere; see missing.")
    missing: tuple[Missing, ...] = Field(description="What could not be done, and why.")
    skipped: tuple[SkippedPart, ...] = Field(description="What there was nothing to do for, and why.")
    releases: dict[str, tuple[str, ...]] = Field(description="Analysis to the model releases that answered.")
    scene: tuple[Stretch, ...] = Field(description="speech, music, noise, silence or other over time.")
    noise: NoiseSection | None = Field(description="Environmental noise; null when that analysis gave no answer.")
    speakers: tuple[Speaker, ...]
    turns: tuple[Turn, ...] = Field(description="Who said what, in order of time.")
    sentiment: tuple[VoiceSentiment, ...] = Field(
        description="Acoustic sentiment per role, or per speaker where roles are unknown."
    )
    classifications: dict[str, tuple[ChunkClassification, ...]] = Field(
        description="Analysis to its answers chunk by chunk, for analyses without a section of their own."
    )


def build_report(recording: RecordingInfo, parts: Sequence[Part]) -> Report:
    """Merge all outcomes of a recording. The same parts give the same report, in whatever order they came.

    Raises:
        pydantic.ValidationError: a succeeded part does not hold the findings of its analysis.
    """
    evidence = gather(recording, parts)
    words = joined_words(evidence)
    heard = heard_turns(evidence, words)
    floors = take_floor(words, heard)
    speakers = name_speakers(heard, floors, recording.roles)
    emotions, sentiments = _emotions(evidence), _sentiments(evidence)
    missing = _missing(evidence)
    return Report(
        recording=RecordingFacts(**recording.model_dump(exclude={"chunks", "analyses"})),
        status="partial" if missing else "complete",
        missing=missing,
        skipped=_skipped(evidence),
        releases=_releases(evidence),
        scene=_scene(evidence),
        noise=_noise(evidence),
        speakers=speakers,
        turns=make_turns(floors, recording.roles, emotions, sentiments),
        sentiment=sentiment_of_voices(sentiments, speakers, floors),
        classifications=_classifications(evidence),
    )


def _missing(evidence: Evidence) -> tuple[Missing, ...]:
    """Failed parts, and analyses that were asked for and never answered at all."""
    failed = [
        Missing(analysis=part.analysis, chunk=part.chunk, code=part.outcome.code, detail=part.outcome.detail)
        for part in evidence.parts
        if isinstance(part.outcome, Failed)
    ]
    asked = evidence.recording.analyses if evidence.recording.chunks else ()
    silent = [name for name in asked if name not in {part.analysis for part in evidence.parts}]
    detail = "no outcome was recorded for this analysis"
    return (*failed, *(Missing(analysis=name, chunk=WHOLE, code="not_run", detail=detail) for name in silent))


def _skipped(evidence: Evidence) -> tuple[SkippedPart, ...]:
    return tuple(
        SkippedPart(analysis=part.analysis, chunk=part.chunk, reason=part.outcome.reason)
        for part in evidence.parts
        if isinstance(part.outcome, Skipped)
    )


def _releases(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    answered = sorted({(part.analysis, part.release) for part in evidence.parts if isinstance(part.outcome, Succeeded)})
    return {name: tuple(release for analysis, release in answered if analysis == name) for name, _ in answered}


def _scene(evidence: Evidence) -> tuple[Stretch, ...]:
    found = clipped(evidence.found("scene", SceneFindings), evidence.bounds())
    return merge_labels((interval, bounds) for findings, bounds in found for interval in findings.intervals)


def _noise(evidence: Evidence) -> NoiseSection | None:
    found = clipped(evidence.found("noise", NoiseFindings), evidence.bounds())
    if not found:
        return None
    return NoiseSection(
        timeline=merge_labels((_whole(findings, bounds), bounds) for findings, bounds in found),
        bandwidth_limited=any(findings.bandwidth_limited for findings, _ in found),
        coverage=tuple(dict.fromkeys(label for findings, _ in found for label in findings.coverage)),
    )


def _whole(findings: NoiseFindings, bounds: Interval) -> LabelledInterval:
    return LabelledInterval(
        label=findings.label, confidence=findings.confidence, start_ms=bounds.start_ms, end_ms=bounds.end_ms
    )


def _emotions(evidence: Evidence) -> Tracks[Emotion]:
    found = clipped(evidence.found("emotion", EmotionFindings), evidence.bounds())
    return tracks((utterance, bounds) for findings, bounds in found for utterance in findings.utterances)


def _sentiments(evidence: Evidence) -> Tracks[RoleScores]:
    found = clipped(evidence.found("sentiment", SentimentFindings), evidence.bounds())
    return tracks((utterance, bounds) for findings, bounds in found for utterance in findings.utterances)


def _classifications(evidence: Evidence) -> dict[str, tuple[ChunkClassification, ...]]:
    others = [part for part in evidence.parts if part.analysis not in MERGED and isinstance(part.outcome, Succeeded)]
    return {
        name: tuple(_answers(part for part in others if part.analysis == name)) for name in sorted({p.analysis for p in others})
    }


def _answers(parts: Iterable[Part]) -> Iterable[ChunkClassification]:
    for part in parts:
        answer = part.outcome.classification if isinstance(part.outcome, Succeeded) else None
        if answer:
            yield ChunkClassification(chunk=part.chunk, start_ms=part.start_ms, end_ms=part.end_ms, **answer.model_dump())
