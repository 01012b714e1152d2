"""Hears one recording as production does: decoded, stored and cut like an ingest, analysed by the
runner of the workers."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from earshot.analysis.report.parts import ChunkSpan, Evidence, Part, RecordingInfo, gather
from earshot.analysis.roles import roles_of
from earshot.analysis.types import WHOLE, ChunkRef, Interval, Job, Release
from earshot.audio.decoding.probe import probe
from earshot.audio.plan import PlanLimits, speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import delete_recording
from earshot.audio.store.source import content_hash
from evaluation.manifest import Row
from workers.registry import analyses
from workers.run import run


@dataclass(frozen=True)
class Heard:
    """All outcomes of one recording, and what each analysis took."""

    evidence: Evidence
    cpu_seconds: dict[str, float]  # by analysis, of this process

    @property
    def seconds(self) -> float:
        return self.evidence.recording.duration_ms / 1000


@dataclass(frozen=True)
class Listener:
    """Where decoded audio lies meanwhile, and what hears it."""

    store_url: str
    releases: Mapping[str, Release]
    limits: PlanLimits
    device: str
    language: str  # of rows that name none
    gate: Release | None = None  # see ``earshot.analysis.types.Job``

    def hear(self, path: Path, row: Row, wanted: Iterable[str]) -> Heard:
        """Outcomes of the wanted analyses; nothing of the recording stays in the store.

        Raises:
            BadAudio, Forbidden: it cannot be read or decoded.
            Permanent: ``roles``, the row names more or fewer than there are channels.
            Unavailable: the disk is full.
        """
        found = probe(path)
        roles = roles_of(row.asked_roles, found.channels, found.chosen.roles)
        rates = {analyses()[name].CARD.sample_rate for name in wanted}
        recording_id = uuid4()
        prepared = prepare(
            path, recording_id, self.store_url, rates=rates, limits=self.limits, mix=not roles
        )
        try:
            info = self._info(
                path, row, recording_id, prepared, () if prepared.dual_mono else roles
            )
            return self._analysed(info, prepared, tuple(wanted))
        finally:
            delete_recording(self.store_url, recording_id)

    def _info(
        self, path: Path, row: Row, recording_id: UUID, prepared: Prepared, roles: tuple[str, ...]
    ) -> RecordingInfo:
        spans = enumerate(prepared.chunks)
        return RecordingInfo(
            id=recording_id,
            file_name=path.name,
            sha256=content_hash(path),
            duration_ms=prepared.duration_ms,
            channels=prepared.channels,
            native_rate=prepared.native_rate,
            roles=roles,
            language=row.lang or self.language,
            dual_mono=prepared.dual_mono,
            created_at=datetime.now(UTC),
            chunks=tuple(
                ChunkSpan(
                    index=index, **span.model_dump(), speech=speech_in(span, prepared.utterances)
                )
                for index, span in spans
            ),
            analyses=tuple(self.releases),
        )

    def _analysed(self, info: RecordingInfo, prepared: Prepared, wanted: tuple[str, ...]) -> Heard:
        parts, cpu_seconds = [], {}
        for name in wanted:
            card = analyses()[name].CARD
            spans = (
                info.chunks
                if card.scope == "chunk"
                else (Interval(start_ms=0, end_ms=info.duration_ms),)
            )
            refs = tuple(_ref(info, prepared, card.sample_rate, span) for span in spans)
            release = self.releases[name]
            gate = self.gate if card.speech_only else None
            job = Job(
                analysis=name,
                batch_id=uuid4(),
                release=release,
                chunks=refs,
                gate=gate,
                sent_at=time.time(),
            )
            began = time.process_time()
            outcomes = run(job, self.device)
            cpu_seconds[name] = time.process_time() - began
            for ref, outcome in zip(refs, outcomes, strict=True):
                span_of = {"start_ms": ref.start_ms, "end_ms": ref.end_ms}
                parts.append(
                    Part(
                        **span_of,
                        chunk=ref.index,
                        analysis=name,
                        release=release.name,
                        outcome=outcome,
                    )
                )
        return Heard(gather(info, parts), cpu_seconds)


def _ref(info: RecordingInfo, prepared: Prepared, rate: int, span: Interval) -> ChunkRef:
    return ChunkRef(
        recording_id=info.id,
        index=span.index if isinstance(span, ChunkSpan) else WHOLE,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        audio_uri=prepared.audio[rate],
        sample_rate=rate,
        channels=info.channels,
        native_rate=info.native_rate,
        roles=info.roles,
        language=info.language,
        speech=span.speech if isinstance(span, ChunkSpan) else prepared.utterances,
    )
