"""Publishes a recording's pending chunks as chords: one header task per analysis, one merge as the
body."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from earshot.analysis.errors import Misconfigured, OutOfTime, Transient, one_line
from earshot.analysis.outcome import Failed
from earshot.analysis.request import IngestRequest
from earshot.analysis.states import RecordingState
from earshot.analysis.types import (
    TRANSCRIPT,
    WHOLE,
    Batch,
    ChunkKey,
    ChunkRef,
    Job,
    Release,
    unpack_speech,
)
from earshot.audio.store.layout import pcm_uri
from earshot.pipeline import transcripts
from earshot.pipeline.ports import Call, Publisher
from earshot.pipeline.releases import active, gate_release
from earshot.pipeline.topics import glossaries
from earshot.pipeline.topics.glossaries import TOPICS
from earshot.registry import analyses
from earshot.settings import settings
from earshot.storage import staging
from earshot.storage.merged import NONE
from earshot.storage.postgres import db, dead_letters, ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.recordings import Recording
from earshot.storage.redis import client as redis

log = logging.getLogger(__name__)

Row = dict[str, Any]
QUARANTINED = (
    f"the same content ended workers under {dead_letters.QUARANTINE_AFTER} other recordings;"
    " `earshot dead list` shows them"
)
Barred = tuple[int, str, str]
"""Chunk index, analysis and release that must not be run."""


def dispatch(connection: Connection, publisher: Publisher, recording_id: UUID) -> int:
    """Publishes every pending chunk of the recording and returns their number. Chunks are marked as
    dispatched before they are published, so that a crash in between leaves them overdue, not lost.

    Raises:
        Unavailable: Redis, Postgres or the store is unavailable, or a glossary is being written;
            unpublished chunks are pending again.
    """
    recording = recordings.get(connection, recording_id)
    if recording is None or recording.state != RecordingState.ANALYZING:
        return 0
    releases = active(connection)
    named: dict[str, Release | Failed] = {**releases}
    barred = dead_letters.quarantined(connection, recording_id)
    names = {name: each.name for name, each in releases.items() if name != TOPICS}
    waiting = ledger.take_pending(connection, recording_id, names)
    unpublished = {row["index"]: row for row in waiting}
    try:
        of_topics = [row for row in waiting if TOPICS in row["wanted"]]
        if of_topics:
            named[TOPICS] = topics = _of_topics(recording)
            if isinstance(topics, Release):
                ledger.note_release(connection, recording_id, of_topics, TOPICS, topics.name)
        for rows in _batches(waiting):
            _publish(connection, publisher, _Group(recording, rows, named, barred))
            for row in rows:
                del unpublished[row["index"]]
    except BaseException:
        _give_back(recording_id, list(unpublished.values()))
        raise
    return len(waiting)


def _of_topics(recording: Recording) -> Release | Failed:
    try:
        return glossaries.prepared(IngestRequest.model_validate(recording.request))
    except Misconfigured as error:
        return Failed(code=error.code, detail=str(error))


def _give_back(recording_id: UUID, rows: Sequence[Row]) -> None:
    """Makes chunks that were not published pending again, on another connection: the caller's may
    have been lost while Redis did not answer. Without Postgres they become overdue instead, and the
    caller's error stands."""
    try:
        with db.pooled() as connection:
            ledger.give_back(connection, recording_id, rows)
    except Transient as error:
        log.warning("recording %s: chunks stay dispatched: %s", recording_id, error)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The whole recording first, since its job is the longest, then the chunks, grouped by their
    analyses. A chunk that was dispatched before goes alone, so that a bad chunk cannot fail others
    with it again."""
    fresh: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        if row["index"] < 0 or row["attempts"] > 1:
            yield [row]
        else:
            fresh.setdefault(frozenset(row["wanted"]), []).append(row)
    size = settings().chunk_batch_size
    for alike in fresh.values():
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


class _Group(NamedTuple):
    """Rows of one recording that are dispatched together."""

    recording: Recording
    rows: Sequence[Row]
    named: Mapping[str, Release | Failed]
    """Analysis to its active release, or to the reason why there is none."""
    barred: set[Barred]

    @property
    def keys(self) -> tuple[ChunkKey, ...]:
        of = self.recording.id
        return tuple(
            ChunkKey(recording_id=of, index=row["index"], round=row["round"]) for row in self.rows
        )


def _publish(connection: Connection, publisher: Publisher, group: _Group) -> None:
    batch, wanted = Batch(batch_id=uuid4(), chunks=group.keys), group.rows[0]["wanted"]
    name = "merge.whole" if group.rows[0]["index"] < 0 else "merge.batch"
    uri, failed = _transcript(connection, group)
    if failed:
        for analysis in wanted:
            _answer(group.keys, analysis, NONE, "transcript_failed", failed)
    jobs = [] if failed else [_job(group, batch.batch_id, analysis, uri) for analysis in wanted]
    header = [
        Call(f"analyze.{job.analysis}", job.model_dump(mode="json", exclude_none=True))
        for job in jobs
        if job
    ]
    publisher.publish_chord(header, Call(name, batch.model_dump(mode="json")))


def _transcript(connection: Connection, group: _Group) -> tuple[str | None, str]:
    """URL of the transcript for rows of that scope; or the reason why it cannot be made."""
    if group.rows[0]["index"] != TRANSCRIPT:
        return None, ""
    try:
        with db.lost_connections():
            return transcripts.store(connection, group.recording), ""
    except (Transient, OutOfTime):
        raise
    except Exception as error:
        log.exception("recording %s: the transcript cannot be made", group.recording.id)
        return None, f"no transcript can be made of the findings: {one_line(error)}"


def _job(group: _Group, batch_id: UUID, analysis: str, transcript_uri: str | None) -> Job | None:
    """Builds the job for the rows that may be run, and stages a failure for the others."""
    card, release = analyses().get(analysis), group.named.get(analysis)
    if card is None or release is None:
        gone = f"there is no analysis {analysis} (any more)"
        _answer(group.keys, analysis, NONE, "unknown_analysis", gone)
        return None
    if isinstance(release, Failed):
        _answer(group.keys, analysis, NONE, release.code, release.detail)
        return None
    kept_back = {
        row["index"] for row in group.rows if (row["index"], analysis, release.name) in group.barred
    }
    quarantined = [key for key in group.keys if key.index in kept_back]
    _answer(quarantined, analysis, release.name, "quarantined", QUARANTINED)
    refs = tuple(
        reference(group.recording, card.sample_rate, row, transcript_uri)
        for row in group.rows
        if row["index"] not in kept_back
    )
    if not refs:
        return None
    return Job(
        analysis=analysis,
        batch_id=batch_id,
        release=release,
        chunks=refs,
        gate=gate_release() if card.speech_only else None,
        sent_at=time.time(),
    )


def _answer(keys: Sequence[ChunkKey], analysis: str, release: str, code: str, detail: str) -> None:
    """Stages a failure for chunks that no worker is to run."""
    if keys:
        outcome = Staged(release=release, outcome=Failed(code=code, detail=detail))
        staging.put(
            redis.client(),
            analysis,
            dict.fromkeys(keys, outcome),
            settings().outcome_ttl_sec,
        )


def _audio_uri(recording: Recording, sample_rate: int, index: int) -> str:
    """The stored audio; of a transcript, where it would be if it was removed for its age."""
    if index == TRANSCRIPT and sample_rate not in recording.audio:
        return pcm_uri(settings().store_url, recording.id, sample_rate)
    return recording.audio[sample_rate]


def reference(
    recording: Recording, sample_rate: int, row: Row, transcript_uri: str | None = None
) -> ChunkRef:
    """The chunk of a row as its jobs name it.

    Args:
        sample_rate: of the stored sound, in Hz.
        row: index, round, times in ms and speech.
        transcript_uri: for analyses of that scope.
    """
    return ChunkRef(
        recording_id=recording.id,
        index=row["index"],
        round=row["round"],
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        audio_uri=_audio_uri(recording, sample_rate, row["index"]),
        transcript_uri=transcript_uri,
        sample_rate=sample_rate,
        channels=recording.channels or 1,
        native_rate=recording.native_rate or sample_rate,
        roles=recording.roles,
        language=recording.language,
        neutral=settings().neutral_share_of(recording.tenant),
        speakers=recording.request.get("speakers") if row["index"] == WHOLE else None,
        redact=recording.redact or None,
        speech=unpack_speech(row["speech"]),
    )
