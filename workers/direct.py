"""Analyses one recording in this process, without queues or a database: decoded, stored and cut as
by ingest, analysed by the runner of the workers."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from earshot.analysis.outcome import Outcome
from earshot.analysis.report.parts import ChunkSpan, Evidence, Part, RecordingInfo, gather
from earshot.analysis.report.report import build_report
from earshot.analysis.report.sections import Transcript
from earshot.analysis.roles import ChannelRoles, RolesSource, roles_of
from earshot.analysis.types import MOST_CHUNKS, SCOPES, WHOLE, ChunkRef, Interval, Job, Release
from earshot.audio.decoding.probe import probe
from earshot.audio.plan import PlanLimits, speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store import transcripts
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.source import content_hash
from earshot.registry import Card, analyses
from workers.run import run


@dataclass(frozen=True)
class Analysed:
    """All outcomes of one recording, and the CPU seconds of this process by analysis."""

    evidence: Evidence
    cpu_seconds: dict[str, float]

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.evidence.recording.duration_ms / 1000


@dataclass(frozen=True)
class Analyser:
    """Where decoded audio is stored meanwhile, and the releases that analyse it."""

    store_url: str
    releases: Mapping[str, Release]
    limits: PlanLimits = field(default_factory=PlanLimits)
    device: str = "cpu"  # of analyses of GPU pools
    language: str = "en"  # BCP 47, of recordings for which none is named
    gate: Release | None = None  # see ``earshot.analysis.types.Job``
    batch_size: int = MOST_CHUNKS  # chunks a job
    runner: Callable[[Job, str], list[Outcome]] = run

    def analyse(
        self,
        path: Path,
        names: Iterable[str] | None = None,
        *,
        roles: tuple[str, ...] | None = None,
        language: str = "",
    ) -> Analysed:
        """Outcomes of the named analyses, default all that have a release; nothing of the recording
        stays in the store.

        Args:
            roles: one a channel, as in an ingest request.

        Raises:
            BadAudio, Forbidden: the file cannot be read or decoded.
            Permanent: ``roles``, more or fewer than there are channels.
            Unavailable: the disk is full.
        """
        wanted = tuple(self.releases if names is None else names)
        found, recording_id = probe(path), uuid4()
        asked = None if roles is None else ChannelRoles(roles, "request")
        stated = roles_of(asked, found.channels, found.chosen.roles)
        try:
            prepared = prepare(
                path,
                recording_id,
                self.store_url,
                rates={analyses()[name].sample_rate for name in wanted},
                limits=self.limits,
                mix=not stated.roles,
                found=found,
            )
            info = describe(
                path,
                recording_id,
                prepared,
                roles=stated.roles,
                roles_source=stated.source,
                language=language or self.language,
                names=wanted,
            )
            return self._analysed(info, prepared)
        finally:
            delete_recording(self.store_url, recording_id)

    def _analysed(self, info: RecordingInfo, prepared: Prepared) -> Analysed:
        parts: list[Part] = []
        cpu_seconds = {}
        # the transcript is read once all else is known
        ordered = sorted(info.analyses, key=lambda name: analyses()[name].scope == "transcript")
        for name in ordered:
            began = time.process_time()
            card = analyses()[name]
            uri = self._transcript(info, parts) if card.scope == "transcript" else None
            parts += self._parts(card, info, prepared, uri)
            cpu_seconds[name] = time.process_time() - began
        return Analysed(gather(info, parts), cpu_seconds)

    def _transcript(self, info: RecordingInfo, parts: Sequence[Part]) -> str:
        report = build_report(info, parts)
        spoken = Transcript(language=report.transcript_language, turns=report.turns)
        return transcripts.put(self.store_url, info.id, 1, spoken)

    def _parts(
        self, card: Card, info: RecordingInfo, prepared: Prepared, transcript_uri: str | None
    ) -> list[Part]:
        named = chunk_refs(card, info, prepared)
        refs = [ref.model_copy(update={"transcript_uri": transcript_uri}) for ref in named]
        release = self.releases[card.name]
        gate = self.gate if card.speech_only else None
        outcomes = [
            outcome
            for start in range(0, len(refs), self.batch_size)
            for outcome in self.runner(
                job_of(release, refs[start : start + self.batch_size], gate), self.device
            )
        ]
        return [
            Part(
                start_ms=ref.start_ms,
                end_ms=ref.end_ms,
                chunk=ref.index,
                analysis=card.name,
                release=release.name,
                outcome=outcome,
            )
            for ref, outcome in zip(refs, outcomes, strict=True)
        ]


def describe(
    path: Path,
    recording_id: UUID,
    prepared: Prepared,
    *,
    roles: tuple[str, ...],
    roles_source: RolesSource | None = None,
    language: str,
    names: tuple[str, ...],
) -> RecordingInfo:
    """A prepared recording as its report is made from it."""
    kept = ("duration_ms", "channels", "native_rate", "container", "codec", "dual_mono", "notes")
    facts = {key: getattr(prepared, key) for key in (*kept, "quality")}
    return RecordingInfo(
        **facts,
        id=recording_id,
        file_name=path.name,
        sha256=content_hash(path),
        roles=() if prepared.dual_mono else roles,
        roles_source=None if prepared.dual_mono else roles_source,
        language=language,
        created_at=datetime.now(UTC),
        chunks=tuple(
            ChunkSpan(index=index, **span.model_dump(), speech=speech_in(span, prepared.utterances))
            for index, span in enumerate(prepared.chunks)
        ),
        analyses=names,
    )


def chunk_refs(card: Card, info: RecordingInfo, prepared: Prepared) -> tuple[ChunkRef, ...]:
    """The units of work of an analysis, by its scope: every chunk, or the whole recording."""
    if card.scope == "chunk":
        return tuple(chunk_ref(info, prepared, card.sample_rate, span) for span in info.chunks)
    whole = Interval(start_ms=0, end_ms=info.duration_ms)
    ref = chunk_ref(info, prepared, card.sample_rate, whole)
    return (ref.model_copy(update={"index": SCOPES[card.scope]}),)


def chunk_ref(info: RecordingInfo, prepared: Prepared, rate: int, span: Interval) -> ChunkRef:
    """A chunk (``ChunkSpan``), or any other span as the whole recording, at ``rate`` Hz."""
    chunk = span if isinstance(span, ChunkSpan) else None
    return ChunkRef(
        recording_id=info.id,
        index=chunk.index if chunk else WHOLE,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        audio_uri=prepared.audio[rate],
        sample_rate=rate,
        channels=info.channels,
        native_rate=info.native_rate,
        roles=info.roles,
        language=info.language,
        speech=chunk.speech if chunk else prepared.utterances,
    )


def job_of(release: Release, refs: Iterable[ChunkRef], gate: Release | None = None) -> Job:
    """A job for the analysis of that release, sent now."""
    return Job(
        analysis=release.analysis,
        batch_id=uuid4(),
        release=release,
        chunks=tuple(refs),
        gate=gate,
        sent_at=time.time(),
    )
