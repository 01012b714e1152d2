"""The merged result of a recording, and the rule that makes it out of the outcomes of its
chunks."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.findings import (
    Classification,
    Emotion,
    EmotionFindings,
    LabelledInterval,
    NoiseFindings,
    RoleScores,
    SceneFindings,
    SentimentFindings,
)
from earshot.analysis.outcome import Succeeded
from earshot.analysis.report.align import take_floor
from earshot.analysis.report.answered import answered_by, missing, skipped
from earshot.analysis.report.emergencies import join_alarms
from earshot.analysis.report.parts import (
    ChunkSpan,
    Evidence,
    Part,
    RecordingFacts,
    RecordingInfo,
    gather,
    with_bounds,
)
from earshot.analysis.report.prevailing import scene_of
from earshot.analysis.report.sections import (
    ChunkClassification,
    Emergency,
    Missing,
    NoiseSection,
    SkippedPart,
    Sound,
    Speaker,
    Stretch,
    Turn,
    VoiceSentiment,
)
from earshot.analysis.report.timeline import merge_labels, merge_sounds
from earshot.analysis.report.transcript import (
    heard_turns,
    make_turns,
    name_speakers,
    spoken_turns,
    transcribe,
)
from earshot.analysis.report.voices import Tracks, sentiment_of_voices, tracks
from earshot.analysis.types import Frozen, Interval

__all__ = ["SCHEMA_VERSION", "ChunkSpan", "Part", "RecordingInfo", "Report", "build_report"]

SCHEMA_VERSION = "1.2"
"""Grows by a minor step when a field is added, by a major one when a field changes its meaning or
goes."""

MERGED = ("scene", "noise", "sentiment", "asr", "emotion", "diarization")
"""Analyses with a section of their own; the answers of any other are listed under
``classifications``."""


class Report(Frozen):
    """Everything that was heard in one recording. Times are integer milliseconds on the recording's
    own time line."""

    schema_version: Annotated[str, Field(description="Version of this schema.")] = SCHEMA_VERSION
    recording: RecordingFacts
    status: Literal["complete", "partial"] = Field(
        description="partial when an analysis failed somewhere; see missing."
    )
    missing: tuple[Missing, ...] = Field(description="What could not be done, and why.")
    skipped: tuple[SkippedPart, ...] = Field(
        description="What there was nothing to do for, and why."
    )
    releases: dict[str, tuple[str, ...]] = Field(
        description="Analysis to the model releases that answered."
    )
    emergencies: tuple[Emergency, ...] = Field(
        (), description="Fire alarms that were heard; noise listens for them."
    )
    scene: tuple[Stretch, ...] = Field(
        description="speech, music, noise, silence or other over time."
    )
    scene_overall: Classification | None = Field(
        default=None,
        description=(
            "The scene of the whole recording: of what is heard in it, and silence only where"
            " hardly anything is."
        ),
    )
    sounds: tuple[Sound, ...] = Field(
        default=(),
        description=(
            "Sound events in order of time; those of different labels may overlap, and gaps are"
            " possible."
        ),
    )
    noise: NoiseSection | None = Field(
        description="Environmental noise; null when that analysis gave no answer."
    )
    speakers: tuple[Speaker, ...]
    transcript_language: str | None = Field(
        description=(
            "Language that speech recognition wrote down, the commonest of its chunks; null without"
            " a transcript."
        )
    )
    turns: tuple[Turn, ...] = Field(description="Who said what, in order of time.")
    sentiment: tuple[VoiceSentiment, ...] = Field(description="Acoustic sentiment per speaker.")
    classifications: dict[str, tuple[ChunkClassification, ...]] = Field(
        description=(
            "Analysis to its answers chunk by chunk, for analyses without a section of their own."
        )
    )


def build_report(recording: RecordingInfo, parts: Sequence[Part]) -> Report:
    """Merge all outcomes of a recording. The same parts give the same report, in whatever order
    they came.

    Raises:
        pydantic.ValidationError: a succeeded part does not hold the findings of its analysis.
    """
    evidence = gather(recording, parts)
    transcript = transcribe(evidence)
    heard = heard_turns(evidence, transcript.words)
    floors = take_floor(transcript.words, heard)
    speakers = name_speakers(spoken_turns(evidence) or heard, recording.roles)
    emotions, sentiments = _emotions(evidence), _sentiments(evidence)
    failed = missing(evidence)
    scenes = with_bounds(evidence.found("scene", SceneFindings), evidence.bounds())
    return Report(
        recording=RecordingFacts(**recording.model_dump(exclude={"chunks", "analyses"})),
        status="partial" if failed else "complete",
        missing=failed,
        skipped=skipped(evidence),
        releases=answered_by(evidence),
        emergencies=_emergencies(evidence),
        scene=merge_labels(
            (interval, bounds) for found, bounds in scenes for interval in found.intervals
        ),
        scene_overall=scene_of(scenes),
        sounds=merge_sounds((event, bounds) for found, bounds in scenes for event in found.events),
        noise=_noise(evidence),
        speakers=speakers,
        transcript_language=transcript.language,
        turns=make_turns(floors, recording.roles, transcript.answered, emotions, sentiments),
        sentiment=sentiment_of_voices(sentiments, speakers, floors),
        classifications=_classifications(evidence),
    )


def _emergencies(evidence: Evidence) -> tuple[Emergency, ...]:
    return join_alarms(
        alarm
        for _, findings in evidence.found("noise", NoiseFindings)
        for alarm in findings.emergency
    )


def _noise(evidence: Evidence) -> NoiseSection | None:
    found = with_bounds(evidence.found("noise", NoiseFindings), evidence.bounds())
    if not found:
        return None
    return NoiseSection(
        timeline=merge_labels((_whole(findings, bounds), bounds) for findings, bounds in found),
        bandwidth_limited=any(findings.bandwidth_limited for findings, _ in found),
        coverage=tuple(
            dict.fromkeys(label for findings, _ in found for label in findings.coverage)
        ),
    )


def _whole(findings: NoiseFindings, bounds: Interval) -> LabelledInterval:
    return LabelledInterval(
        label=findings.label,
        confidence=findings.confidence,
        start_ms=bounds.start_ms,
        end_ms=bounds.end_ms,
    )


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


def _classifications(evidence: Evidence) -> dict[str, tuple[ChunkClassification, ...]]:
    others = [
        part
        for part in evidence.parts
        if part.analysis not in MERGED and isinstance(part.outcome, Succeeded)
    ]
    return {
        name: tuple(_answers(part for part in others if part.analysis == name))
        for name in sorted({p.analysis for p in others})
    }


def _answers(parts: Iterable[Part]) -> Iterable[ChunkClassification]:
    for part in parts:
        answer = part.outcome.classification if isinstance(part.outcome, Succeeded) else None
        if answer:
            said = answer.model_dump(include=set(Classification.model_fields))
            yield ChunkClassification(
                chunk=part.chunk, start_ms=part.start_ms, end_ms=part.end_ms, **said
            )
