"""Publishes a recording's pending chunks as chords: one header task per analysis, one merge as the
body."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from earshot.analysis.outcome import Failed
from earshot.analysis.states import RecordingState
from earshot.analysis.types import (
    WHOLE,
    Batch,
    ChunkKey,
    ChunkRef,
    Job,
    Release,
    unpack_speech,
)
from earshot.pipeline.ports import Call, Publisher
from earshot.pipeline.releases import active, gate_release
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage import staging
from earshot.storage.postgres import dead_letters, ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.recordings import Recording
from earshot.storage.redis import client as redis

Row = dict[str, Any]
QUARANTINED = (
    f"the same content ended workers under {dead_letters.QUARANTINE_AFTER} other recordings;"
    " `earshot dead list` shows them"
)
Barred = tuple[int, str, str]
"""Chunk index, analysis and release that must not be tried."""


def dispatch(connection: Connection, publisher: Publisher, recording_id: UUID) -> int:
    """Publishes every pending chunk of the recording and returns how many. Chunks are marked before
    they are published, so a crash in between leaves them overdue, never forgotten.

    Raises:
        Unavailable: Redis or Postgres is away; chunks that were not published are pending again.
    """
    recording = recordings.get(connection, recording_id)
    if recording is None or recording.state != RecordingState.ANALYZING:
        return 0
    named = active(connection)
    barred = dead_letters.quarantined(connection, recording_id)
    waiting = ledger.take_pending(connection, recording_id)
    unpublished = {row["index"]: row for row in waiting}
    try:
        for rows in _batches(waiting):
            _publish(publisher, recording, named, barred, rows)
            for row in rows:
                del unpublished[row["index"]]
    finally:
        ledger.give_back(connection, recording_id, list(unpublished.values()))
    return len(waiting)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The whole recording first (its job is the longest), then the chunks, those that the same
    analyses must hear together. A chunk that did not come back goes alone, so that one bad chunk
    does not take others with it again."""
    fresh: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        if row["index"] == WHOLE or row["attempts"] > 1:
            yield [row]
        else:
            fresh.setdefault(frozenset(row["wanted"]), []).append(row)
    size = settings().chunk_batch_size
    for alike in fresh.values():
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def _publish(
    publisher: Publisher,
    recording: Recording,
    named: Mapping[str, Release],
    barred: set[Barred],
    rows: Sequence[Row],
) -> None:
    batch_id, registered, gate = uuid4(), {card.name: card for card in cards()}, gate_release()
    keys = tuple(
        ChunkKey(recording_id=recording.id, index=row["index"], round=row["round"]) for row in rows
    )
    batch = Batch(batch_id=batch_id, chunks=keys)
    name = "merge.whole" if rows[0]["index"] == WHOLE else "merge.batch"
    header = []
    for analysis in rows[0]["wanted"]:
        card, release = registered.get(analysis), named.get(analysis)
        if card is None or release is None:
            _answer(
                keys,
                analysis,
                "none",
                "unknown_analysis",
                f"there is no analysis {analysis} (any more)",
            )
            continue
        kept_back = {
            row["index"] for row in rows if (row["index"], analysis, release.name) in barred
        }
        _answer(
            [key for key in keys if key.index in kept_back],
            analysis,
            release.name,
            "quarantined",
            QUARANTINED,
        )
        refs = tuple(
            _reference(recording, card.sample_rate, row)
            for row in rows
            if row["index"] not in kept_back
        )
        if refs:
            job = Job(
                analysis=analysis,
                batch_id=batch_id,
                release=release,
                chunks=refs,
                gate=gate if card.speech_only else None,
                sent_at=time.time(),
            )
            header.append(Call(f"analyze.{analysis}", job.model_dump(mode="json")))
    publisher.publish_chord(header, Call(name, batch.model_dump(mode="json")))


def _answer(keys: Sequence[ChunkKey], analysis: str, release: str, code: str, detail: str) -> None:
    """What no worker is to try is answered here."""
    if keys:
        outcome = Staged(release=release, outcome=Failed(code=code, detail=detail))
        staging.put(
            redis.client(),
            analysis,
            dict.fromkeys(keys, outcome),
            settings().outcome_ttl_sec,
        )


def _reference(recording: Recording, sample_rate: int, row: Row) -> ChunkRef:
    return ChunkRef(
        recording_id=recording.id,
        index=row["index"],
        round=row["round"],
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        audio_uri=recording.audio[sample_rate],
        sample_rate=sample_rate,
        channels=recording.channels or 1,
        native_rate=recording.native_rate or sample_rate,
        roles=recording.roles,
        language=recording.language,
        speakers=recording.request.get("speakers") if row["index"] == WHOLE else None,
        speech=unpack_speech(row["speech"]),
    )
