"""Inputs of a report: facts about the recording, and one part for every outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from earshot.analysis.findings import Findings
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.report.sections import ChunkIndex
from earshot.analysis.roles import RolesSource
from earshot.analysis.spans import owned
from earshot.analysis.types import Frozen, Interval, Millis, Utterance
from earshot.analysis.words.whole_recording import settled

F = TypeVar("F", bound=Findings)


class RecordingFacts(Frozen):
    """Facts about a recording known before the analyses."""

    id: UUID
    file_name: str
    sha256: str = Field(description="Of the file's bytes.")
    duration_ms: Millis
    channels: Annotated[int, Field(ge=1, le=8)]
    native_rate: int = Field(gt=0, description="Sample rate of the file, Hz.")
    roles: tuple[str, ...] = Field(
        default=(),
        description=(
            "Role of each channel, which is one speaker; empty when one channel holds all speakers."
        ),
    )
    roles_source: RolesSource | None = Field(
        default=None,
        description=(
            "What states the roles: the request, the recorder that it or a setting names, the file"
            " itself, people for its source, the default, or a correction; null without roles, and"
            " where an earlier version took it in."
        ),
    )
    language: str = Field(
        description="BCP 47 language that the speech is said to be in; see transcript_language."
    )
    container: str | None = None
    codec: str | None = None
    dual_mono: bool = Field(
        default=False, description="The channels of the file carried the same sound."
    )
    notes: tuple[str, ...] = Field(
        default=(),
        description=(
            "What to know of the file before trusting the rest, such as that it is cut off; for"
            " people."
        ),
    )
    quality: RecordingQuality | None = Field(
        default=None,
        description=(
            "How good it sounds, measured while it was decoded; null where an earlier version took"
            " it in."
        ),
    )
    created_at: AwareDatetime = Field(description="When it was ingested, ISO 8601.")


class ChunkSpan(Interval):
    """Position of a chunk, and the VAD's speech in it."""

    index: int = Field(ge=0)
    speech: tuple[Utterance, ...] = ()


class RecordingInfo(RecordingFacts):
    """The facts, the chunks, and the requested analyses."""

    chunks: tuple[ChunkSpan, ...]
    analyses: tuple[str, ...]


class Part(Interval):
    """The outcome of one analysis on one chunk, or on the whole recording."""

    chunk: ChunkIndex
    analysis: str
    release: str
    outcome: Outcome


@dataclass(frozen=True)
class Evidence:
    """All parts of a recording, read by analysis."""

    recording: RecordingInfo
    parts: tuple[Part, ...]  # in order of chunk

    def found(self, analysis: str, kind: type[F]) -> list[tuple[Part, F]]:
        """Findings of every chunk on which the analysis succeeded, in order."""
        return [
            (part, kind.model_validate(part.outcome.findings))
            for part in self.parts
            if part.analysis == analysis and isinstance(part.outcome, Succeeded)
        ]

    def bounds(self) -> dict[int, Interval]:
        """The stretch owned by each chunk, by index."""
        chunks = sorted(self.recording.chunks, key=lambda chunk: chunk.start_ms)
        return {chunk.index: span for chunk, span in zip(chunks, owned(chunks), strict=True)}


def gather(recording: RecordingInfo, parts: Sequence[Part]) -> Evidence:
    """Builds the evidence, independent of the order of the parts. The language of the speech is
    judged anew over all of them."""
    ordered = sorted(parts, key=lambda part: (part.chunk, part.analysis))
    words = [part for part in ordered if part.analysis == "asr"]
    outcomes = iter(settled([(part.release, part.outcome) for part in words]))
    return Evidence(
        recording,
        tuple(
            part.model_copy(update={"outcome": next(outcomes)}) if part.analysis == "asr" else part
            for part in ordered
        ),
    )


def with_bounds(
    findings: Iterable[tuple[Part, F]], bounds: dict[int, Interval]
) -> list[tuple[F, Interval]]:
    """Findings with the stretch owned by each; a part of the whole recording owns its span."""
    return [
        (found, bounds.get(part.chunk, Interval(start_ms=part.start_ms, end_ms=part.end_ms)))
        for part, found in findings
    ]
