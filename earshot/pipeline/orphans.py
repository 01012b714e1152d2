"""Removes orphaned files of dead processes: uploads that no request names, audio without a
recording, half-written files."""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from uuid import UUID

from redis import Redis

from earshot.audio.store import scratch, transcripts
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.leftovers import Stored, remove, stored
from earshot.settings import settings
from earshot.storage import retention, traces
from earshot.storage.postgres import ledger, requests
from earshot.storage.postgres.db import Connection
from earshot.storage.redis.client import lost_connections
from earshot.storage.redis.live.keys import open_sessions

log = logging.getLogger(__name__)

AGE_SEC = 3600.0
"""Minimum age of an orphan: younger files may belong to a running process."""
EVERY_SEC = 3600
SWEPT = "swept"
"""Redis key set for ``EVERY_SEC`` after each search, which reads the whole store."""
HALF_WRITTEN = ".writing-"


@lost_connections()
def due(client: Redis) -> bool:
    """True if no search started within ``EVERY_SEC``; marks one as started."""
    return bool(client.set(SWEPT, 1, nx=True, ex=EVERY_SEC))


def uploads(connection: Connection, client: Redis) -> int:
    """Removes old uploads that no request in Postgres or in a queue names, and that are no sound of
    a live session; returns their number."""
    store, days = settings().store_url, settings().retention.uploads
    old = [each for each in stored(store, "inbox") if _is_old(each)]
    if not old:
        return 0
    named = retention.open_uploads(connection, None if days is None else days * retention.DAY_SEC)
    queued = traces.arguments(client, ("ingest", "celery"))
    live = open_sessions(client)
    removed = 0
    for each in old:
        folder = each.path.split("/")[1]
        if not any(folder in text for text in (*named, *queued, *live)):
            remove(store, each.path)
            removed += 1
    return removed


def files(connection: Connection) -> int:
    """Removes old audio without a recording, half-written files of dead processes, transcripts
    of closed recordings, and this machine's copies of remote files whose process is gone; returns
    the number of recordings and files."""
    store = settings().store_url
    found: dict[UUID, list[Stored]] = {}
    for each in stored(store, "recordings"):
        folder = each.path.split("/")[1]
        if re.fullmatch(traces.PATTERN, folder):
            found.setdefault(UUID(folder), []).append(each)
    old = {each: stored_ for each, stored_ in found.items() if all(map(_is_old, stored_))}
    orphans = {
        each
        for each in retention.unknown(connection, old)
        if not requests.is_taken_in(connection, each)
    }
    for recording_id in orphans:
        delete_recording(store, recording_id)
    kept = {each: stored_ for each, stored_ in found.items() if each not in orphans}
    left = [*_half_written(connection, kept), *_transcripts(connection, kept)]
    for each in left:
        remove(store, each.path)
    return len(orphans) + len(left) + scratch.sweep()


def _half_written(connection: Connection, found: Mapping[UUID, list[Stored]]) -> Iterator[Stored]:
    for recording_id, files_ in found.items():
        for each in files_:
            if (
                HALF_WRITTEN in each.path
                and _is_old(each)
                and not requests.is_taken_in(connection, recording_id)
            ):
                yield each


def _transcripts(connection: Connection, found: Mapping[UUID, list[Stored]]) -> Iterator[Stored]:
    """Transcripts that no analysis reads any more: of closed recordings, up to their last round."""
    written: dict[UUID, list[tuple[int, Stored]]] = {}
    for recording_id, files_ in found.items():
        for each in filter(_is_old, files_):
            round_ = transcripts.round_of(each.path)
            if round_ is not None:
                written.setdefault(recording_id, []).append((round_, each))
    for recording_id, last in ledger.closed_with_transcript(connection, written).items():
        yield from (each for round_, each in written[recording_id] if round_ <= last)


def _is_old(each: Stored) -> bool:
    return time.time() - each.modified_at > AGE_SEC
