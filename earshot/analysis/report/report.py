"""The merged result of a recording, and the rule that makes it out of the outcomes of its
chunks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from earshot.analysis.figures.made import Source, Talk, conversation
from earshot.analysis.figures.sections import Conversation
from earshot.analysis.figures.spoken import spoken
from earshot.analysis.findings import Classification
from earshot.analysis.outcome import Succeeded
from earshot.analysis.report.answered import answered_by, missing, skipped
from earshot.analysis.report.categories import Category
from earshot.analysis.report.corrected import ReportCorrections
from earshot.analysis.report.parts import (
    Evidence,
    Part,
    RecordingFacts,
    RecordingInfo,
    gather,
)
from earshot.analysis.report.registered import sections, with_section
from earshot.analysis.report.sections import (
    ChunkClassification,
    Emergency,
    Missing,
    NoiseSection,
    SkippedPart,
    Sound,
    Speaker,
    Stretch,
    TranscriptConfidence,
    Turn,
    VoiceSentiment,
)
from earshot.analysis.report.transcript import spoken_turns
from earshot.analysis.text_sentiment.sections import FusionSection, TextSection
from earshot.analysis.topics.findings import TopicsSection
from earshot.analysis.types import Frozen

SCHEMA_VERSION = "1.7"
"""Grows by a minor step when a field is added, by a major one when a field changes its meaning or
goes."""


class Report(Frozen):
    """All results of one recording. Times are integer milliseconds on the recording's own time
    line."""

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
    emergencies: tuple[Emergency, ...] = Field((), description="Fire alarms that noise detected.")
    scene: tuple[Stretch, ...] = Field(
        description="speech, music, noise, silence or other over time."
    )
    scene_overall: Classification | None = Field(
        default=None,
        description=(
            "The scene of the whole recording, of its audible part; silence only if hardly"
            " anything is audible."
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
    transcript_confidence: TranscriptConfidence | None = Field(
        default=None,
        description=(
            "How many of its words are doubtful; null without words, where recognisers of different"
            " bounds wrote them, or where no bound was measured."
        ),
    )
    turns: tuple[Turn, ...] = Field(description="Who said what, in order of time.")
    sentiment: tuple[VoiceSentiment, ...] = Field(description="Acoustic sentiment per speaker.")
    text_sentiment: TextSection | None = Field(
        default=None, description="Sentiment of the words, per speaker; null without that analysis."
    )
    fusion: FusionSection | None = Field(
        default=None,
        description="Sentiment of words and voice together, per speaker; null without the words'.",
    )
    conversation: Conversation | None = Field(
        default=None,
        description=(
            "Figures of the conversation with their definitions; null in reports of an earlier"
            " version."
        ),
    )
    topics: TopicsSection | None = Field(
        default=None,
        description="What it is about, by a glossary; null where no glossary applied to it.",
    )
    categories: tuple[Category, ...] = Field(
        default=(),
        description="The rules of the tenant that match the recording, by name.",
    )
    classifications: dict[str, tuple[ChunkClassification, ...]] = Field(
        description=(
            "Analysis to its answers chunk by chunk, for analyses without a section of their own."
        )
    )
    sections: dict[str, dict[str, Any]] = Field(
        default={},
        description=(
            "Analysis to its section, for analyses with one that is not among the fields above."
        ),
    )
    corrections: ReportCorrections | None = Field(
        default=None,
        description=(
            "Corrections by people that this report contains; null if it is as it was answered."
        ),
    )


def build_report(recording: RecordingInfo, parts: Sequence[Part]) -> Report:
    """Merges all outcomes of a recording. The same parts give the same report, in any order.

    Raises:
        pydantic.ValidationError: a succeeded part does not hold the findings of its analysis.
    """
    evidence = gather(recording, parts)
    failed = missing(evidence)
    fields, others = sections(evidence)
    return Report(
        recording=RecordingFacts(**recording.model_dump(exclude={"chunks", "analyses"})),
        status="partial" if failed else "complete",
        missing=failed,
        skipped=skipped(evidence),
        releases=answered_by(evidence),
        classifications=_classifications(evidence),
        sections=others,
        conversation=conversation(_talk(evidence, fields)),
        **fields,
    )


def _talk(evidence: Evidence, fields: Mapping[str, Any]) -> Talk:
    source: Source = "mixed"
    if evidence.recording.roles:
        source = "channel"
    elif spoken_turns(evidence):
        source = "diarized"
    return Talk(
        recording=evidence.recording,
        source=source,
        speech=spoken(evidence, fields["speakers"], fields["turns"]),
        **{name: fields[name] for name in ("speakers", "turns", "scene", "noise")},
    )


def _classifications(evidence: Evidence) -> dict[str, tuple[ChunkClassification, ...]]:
    reported = with_section()
    others = [
        part
        for part in evidence.parts
        if part.analysis not in reported and isinstance(part.outcome, Succeeded)
    ]
    return {
        name: tuple(_answers(part for part in others if part.analysis == name))
        for name in sorted({p.analysis for p in others})
    }


def _answers(parts: Iterable[Part]) -> Iterable[ChunkClassification]:
    for part in parts:
        answer = part.outcome.classification if isinstance(part.outcome, Succeeded) else None
        if answer:
            fields = answer.model_dump(include=set(Classification.model_fields))
            yield ChunkClassification(
                chunk=part.chunk, start_ms=part.start_ms, end_ms=part.end_ms, **fields
            )
