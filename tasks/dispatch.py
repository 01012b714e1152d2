"""Turns a recording's pending chunks into chords: one header task per analysis, one merge as the body."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from celery import chord
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from analysis.errors import Unavailable
from analysis.outcome import Failed
from analysis.types import WHOLE, Batch, ChunkKey, ChunkRef, Job, Release, Utterance
from settings import settings
from storage import db, dead_letters, ledger, recordings, redis, staging
from storage.ledger import Staged
from storage.recordings import Recording
from tasks.active import active
from tasks.app import app
from workers.registry import cards

Row = dict[str, Any]
Barred = tuple[int, str, str]
"""Chunk index, analysis and release that must not be tried."""


def dispatch(recording_id: UUID) -> int:
    """Publishes every pending chunk of the recording and returns how many. Chunks are marked before they are published, so a
    crash in between leaves them overdue, never forgotten.

    Raises:
        Unavailable: Redis or Postgres is away; chunks that were not published are pending again.
    """
    with db.pooled(settings().database_url) as connection:
        recording = recordings.get(connection, recording_id)
        if recording is None or recording.state != "analyzing":
            return 0
        named = active(connection)
        barred = dead_letters.quarantined(connection, recording_id)
        waiting = ledger.take_pending(connection, recording_id)
    unpublished = {row["index"] for row in waiting}
    try:
        for rows in _batches(waiting):
            _publish(recording, named, barred, rows)
            unpublished -= {row["index"] for row in rows}
    except (RedisError, OperationalError, Unavailable) as error:
        with db.pooled(settings().database_url) as connection:
            ledger.give_back(connection, recording_id, sorted(unpublished))
        raise Unavailable("redis_away", f"Redis does not take jobs: {error}") from error
    return len(waiting)


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The whole recording first (its job is the longest), then the chunks, those that the same analyses must hear together. A
    chunk that did not come back goes alone, so that one bad chunk does not take others with it again."""
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


def _publish(recording: Recording, named: Mapping[str, Release], barred: set[Barred], rows: Sequence[Row]) -> None:
    batch_id = uuid4()
    keys = tuple(ChunkKey(recording_id=recording.id, index=row["index"], round=row["round"]) for row in rows)
    batch = Batch(batch_id=batch_id, chunks=keys)
    # Immutable: the body takes nothing from the header's results, which are receipts; outcomes wait in storage.staging.
    name = "merge.whole" if rows[0]["index"] == WHOLE else "merge.batch"
    merge = app.signature(name, args=[batch.model_dump(mode="json")], immutable=True)
    header = []
    for card in (card for card in cards() if card.name in rows[0]["wanted"]):
        release = named[card.name]
        kept_back = [row for row in rows if (row["index"], card.name, release.name) in barred]
        _quarantine(recording, card.name, release.name, kept_back)
        refs = tuple(_reference(recording, card.sample_rate, row) for row in rows if row not in kept_back)
        if refs:
            job = Job(analysis=card.name, batch_id=batch_id, release=release, chunks=refs, sent_at=time.time())
            header.append(app.signature(f"analyze.{card.name}", args=[job.model_dump(mode="json")]))
    (chord(header, merge, app=app) if header else merge).apply_async()


def _quarantine(recording: Recording, analysis: str, release: str, rows: Sequence[Row]) -> None:
    """What would end workers again is not given to any: its outcome is known."""
    if not rows:
        return
    detail = (
        f"the same content ended workers under {dead_letters.QUARANTINE_AFTER} other recordings; `earshot dead list` shows them"
    )
    outcome = Staged(release=release, outcome=Failed(code="quarantined", detail=detail))
    keys = [ChunkKey(recording_id=recording.id, index=row["index"], round=row["round"]) for row in rows]
    staging.put(redis.client(settings().redis_url), analysis, dict.fromkeys(keys, outcome), settings().outcome_ttl_sec)


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
        speech=tuple(Utterance(channel=channel, start_ms=start, end_ms=end) for channel, start, end in row["speech"]),
    )
