"""Cleans up in bounded passes: finishes open deletions, applies retention, and removes orphaned
files of dead processes.

Needs no worker, like ``earshot.pipeline.deletion``. Each pass continues where the previous one
stopped.
"""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal
from uuid import UUID

from redis import Redis

from earshot.analysis.errors import SERVICES, OutOfTime, Transient
from earshot.analysis.types import Frozen
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.pieces import Pieces
from earshot.pipeline import deletion, orphans
from earshot.pipeline.keeping.exported import SOUND, remove_exports
from earshot.pipeline.plan import WORDS
from earshot.registry import cards
from earshot.settings import Retention, settings
from earshot.settings.retention import OfRecordings
from earshot.storage import retention
from earshot.storage.postgres import db, deliveries, idempotency, tombstones, uploads
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused, stream
from earshot.storage.retention import Ages

log = logging.getLogger(__name__)

PASS_SEC = 20.0
"""Seconds after which a pass starts no further step: its worker also runs merges."""
BATCH = 200
EVENTS = 2000


class Tidied(Frozen):
    """Counts of what one pass removed."""

    deletions_finished: int = 0
    deletions_settled: int = 0
    recordings_expired: int = 0
    failed_expired: int = 0
    audio_expired: int = 0
    words_expired: int = 0
    scores_expired: int = 0
    events_expired: int = 0
    deliveries_expired: int = 0
    letters_expired: int = 0
    refused_expired: int = 0
    tombstones_expired: int = 0
    keys_expired: int = 0
    pieces_expired: int = 0
    uploads_swept: int = 0
    files_swept: int = 0


def tidy(*, pass_sec: float = PASS_SEC, sweep: bool = False) -> Tidied:
    """Runs one pass. Concurrent passes remove nothing twice.

    Args:
        sweep: search for orphaned files even if a pass did so within the hour.

    Raises:
        Unavailable: Redis or Postgres is unavailable.
    """
    client, ends = redis.client(), time.monotonic() + pass_sec
    keep, of_sources = settings().retention, settings().retention_of
    counts = dict[str, int]()
    with db.pooled() as connection:
        held = retention.is_held(connection, client)
        if held:
            log.warning(
                "the clock jumped by a day, or no cleanup ran for that long: nothing expires today"
            )
            keep, of_sources = Retention(), {}
        deletion.keep_out(connection)
        steps: dict[str, Callable[[], int]] = {
            "deletions_finished": lambda: deletion.erase(connection)[0],
            "recordings_expired": lambda: _expire(
                connection, retention.finished, ages("recordings", keep, of_sources)
            ),
            "failed_expired": lambda: _expire(
                connection, retention.failed, ages("failed", keep, of_sources)
            ),
            "audio_expired": lambda: _expire_audio(connection, ages("audio", keep, of_sources)),
            "words_expired": lambda: _expire_words(connection, ages("words", keep, of_sources)),
            "scores_expired": lambda: _expire_scores(connection, ages("scores", keep, of_sources)),
            "events_expired": lambda: _drop_events(connection, client, keep.events),
            "deliveries_expired": lambda: _drop_deliveries(connection, client, keep.events),
            "letters_expired": lambda: _aged(
                keep.failed, lambda age: retention.drop_dead_letters(connection, age, BATCH)
            ),
            "tombstones_expired": lambda: _aged(
                keep.tombstones, lambda age: tombstones.forget(connection, age, BATCH)
            ),
            "pieces_expired": lambda: 0 if held else _expire_pieces(connection),
            "keys_expired": lambda: 0 if held else idempotency.forget(connection, BATCH),
            "refused_expired": lambda: _aged(
                keep.refused, lambda age: refused.forget(client, time.time() - age)
            ),
            "deletions_settled": lambda: len(deletion.settle(connection, ends)),
        }
        for name, step in steps.items():
            counts[name] = _repeated(name, step, ends)
        if not held and (sweep or orphans.due(client)):
            counts["uploads_swept"] = _once("uploads", lambda: orphans.uploads(connection, client))
            counts["files_swept"] = _once("files", lambda: orphans.files(connection))
    return Tidied(**counts)


def _repeated(name: str, step: Callable[[], int], ends: float) -> int:
    """Repeats a step until nothing is left to do, or the pass is over."""
    done = 0
    while time.monotonic() < ends and (now := _once(name, step)):
        done += now
    return done


def _once(name: str, step: Callable[[], int]) -> int:
    """Runs a step once. Its failure does not stop the pass, unless Postgres or Redis is unavailable
    or the time limit is reached."""
    try:
        return step()
    except Transient as error:
        if error.code in SERVICES:
            raise
        log.error("cleanup of %s: %s", name, error)
    except OutOfTime:
        raise
    except Exception:
        log.exception("cleanup of %s failed", name)
    return 0


def _aged(days: float | None, step: Callable[[float], int]) -> int:
    return 0 if days is None else step(days * retention.DAY_SEC)


def ages(
    name: Literal["audio", "words", "scores", "recordings", "failed"],
    keep: Retention,
    of_sources: Mapping[str, OfRecordings],
) -> Ages:
    """Ages at which a class of recordings expires, by source."""
    own = {
        source: getattr(each, name)
        for source, each in of_sources.items()
        if name in each.model_fields_set
    }
    days = {**own, "": getattr(keep, name)}
    seconds = [None if each is None else each * retention.DAY_SEC for each in days.values()]
    return Ages(list(days), seconds)


def _expire(
    connection: Connection, find: Callable[[Connection, Ages, int], list[UUID]], old: Ages
) -> int:
    ids = find(connection, old, BATCH) if old.any else []
    deletion.delete(connection, ids, "retention")
    return len(ids)


def _expire_audio(connection: Connection, old: Ages) -> int:
    """Removes expired audio, files before rows: after a crash in between, the next pass finds the
    row again."""
    if not old.any:
        return 0
    with connection.transaction():
        ids = retention.take_audio(connection, old, BATCH)
        ids = remove_exports(connection, ids, SOUND)
        for recording_id in ids:
            delete_recording(settings().store_url, recording_id)
        retention.audio_expired(connection, ids)
    return len(ids)


def _expire_words(connection: Connection, old: Ages) -> int:
    """Removes what was spoken: of the answers, and of the files that were exported."""
    if not old.any:
        return 0
    derived = [card.name for card in cards() if card.scope == "transcript" and not card.redacts]
    with connection.transaction():
        ids = retention.take_words(connection, old, BATCH)
        ids = remove_exports(connection, ids)
        retention.drop_words(connection, ids, WORDS, derived)
    return len(ids)


def _expire_scores(connection: Connection, old: Ages) -> int:
    if not old.any:
        return 0
    with connection.transaction():
        ids = retention.take_scores(connection, old, BATCH)
        ids = remove_exports(connection, ids)
        retention.drop_scores(connection, ids, [card.name for card in cards() if card.redacts])
    return len(ids)


def _expire_pieces(connection: Connection) -> int:
    """Removes uploads in pieces that nothing has continued for ``upload_kept_sec``. One that its
    store does not remove delays no other."""
    ids = uploads.expired(connection, BATCH)
    return sum(_once("an upload", partial(_expire_upload, connection, each)) for each in ids)


def _expire_upload(connection: Connection, upload_id: UUID) -> int:
    with connection.transaction():  # nothing else knows parts at a remote store: files before rows
        gone = uploads.expire(connection, upload_id)
        if gone is not None and gone.recording_id is None:
            Pieces(gone.uri, gone.length, gone.multipart).discard(settings().store_url)
    return int(gone is not None)


def _drop_events(connection: Connection, client: Redis, days: float | None) -> int:
    """Removes events older than ``days``, and those that the stream has trimmed, which consumers
    can no longer read."""
    age_sec = _event_age_sec(client, days)
    return 0 if age_sec is None else retention.drop_events(connection, client, age_sec, EVENTS)


def _drop_deliveries(connection: Connection, client: Redis, days: float | None) -> int:
    """Removes finished deliveries to webhooks as old as the events that are removed."""
    age_sec = _event_age_sec(client, days)
    return 0 if age_sec is None else deliveries.drop_finished(connection, age_sec, EVENTS)


def _event_age_sec(client: Redis, days: float | None) -> float | None:
    ages = [days * retention.DAY_SEC] if days is not None else []
    oldest = stream.oldest_kept(client)
    if oldest is not None:
        ages.append(time.time() - oldest + retention.DAY_SEC)
    return min(ages, default=None)
