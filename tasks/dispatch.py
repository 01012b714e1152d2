"""Turns a recording's pending chunks into chords: one header task per analysis, one merge as the body."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

from celery import chord
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from analysis.errors import Unavailable
from analysis.types import WHOLE, Batch, ChunkKey, ChunkRef, Job, Release, Utterance
from models.catalog import default_releases
from settings import settings
from storage import db, ledger, recordings, releases
from storage.recordings import Recording
from tasks.app import app
from workers.contract import Card
from workers.registry import cards

Row = dict[str, Any]


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
        named = {**default_releases(), **releases.active(connection)}
        waiting = ledger.take_pending(connection, recording_id)
    unpublished = {row["index"] for row in waiting}
    try:
        for scope, rows in _batches(waiting):
            wanted = [card for card in cards() if card.scope == scope and card.name in recording.analyses]
            _publish(recording, wanted, named, rows)
            unpublished -= {row["index"] for row in rows}
    except (RedisError, OperationalError) as error:
        with db.pooled(settings().database_url) as connection:
            ledger.give_back(connection, recording_id, sorted(unpublished))
        raise Unavailable("redis_away", f"Redis does not take jobs: {error}") from error
    return len(waiting)


def _batches(rows: Sequence[Row]) -> Iterator[tuple[str, Sequence[Row]]]:
    """The whole recording first (its job is the longest), then the chunks in batches. A chunk that did not come back goes
    alone, so that one bad chunk does not take others with it again."""
    fresh = [row for row in rows if row["index"] != WHOLE and row["attempts"] == 1]
    size = settings().chunk_batch_size
    alone = [row for row in rows if row["index"] == WHOLE or row["attempts"] > 1]
    for row in alone:
        yield "recording" if row["index"] == WHOLE else "chunk", [row]
    for start in range(0, len(fresh), size):
        yield "chunk", fresh[start : start + size]


def _publish(recording: Recording, wanted: Sequence[Card], named: dict[str, Release], rows: Sequence[Row]) -> None:
    batch_id = uuid4()
    keys = tuple(ChunkKey(recording_id=recording.id, index=row["index"]) for row in rows)
    batch = Batch(batch_id=batch_id, analyses=tuple(card.name for card in wanted), chunks=keys)
    header = [
        app.signature(
            f"analyze.{card.name}",
            args=[
                Job(
                    analysis=card.name,
                    batch_id=batch_id,
                    release=named.get(card.name) or _without_checkpoint(card),
                    chunks=tuple(_reference(recording, card.sample_rate, row) for row in rows),
                ).model_dump(mode="json")
            ],
        )
        for card in wanted
    ]
    merge = "merge.whole" if rows[0]["index"] == WHOLE else "merge.batch"
    # Immutable: the body takes nothing from the header's results, which are receipts; outcomes wait in storage.staging.
    chord(header, app.signature(merge, args=[batch.model_dump(mode="json")], immutable=True), app=app).apply_async()


def _without_checkpoint(card: Card) -> Release:
    """The release of an analysis that is code alone: nothing to fetch, nothing to promote."""
    return Release(analysis=card.name, name=f"{card.name}-code", runtime="code", uri="", sha256="")


def _reference(recording: Recording, sample_rate: int, row: Row) -> ChunkRef:
    return ChunkRef(
        recording_id=recording.id,
        index=row["index"],
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
