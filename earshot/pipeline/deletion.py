"""Deletes recordings with all their data, and verifies in every store that nothing is left.

Needs no worker: the command line calls it, upkeep continues with what could not be finished, and
any other program may call it too.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from redis import Redis

from earshot.analysis.deletion import Checked, Counts, DeletionReceipt, Trace, Why, added
from earshot.analysis.errors import SERVICES, EarshotError
from earshot.audio.store.inbox import is_upload
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.leftovers import remove, stored
from earshot.pipeline.keeping.exported import remove_export
from earshot.settings import settings
from earshot.storage import holds, outbox, searches, traces
from earshot.storage.deletions import Tombstone
from earshot.storage.postgres import tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import answered, deleted
from earshot.storage.redis import client as redis
from earshot.storage.searches import Searched

log = logging.getLogger(__name__)

BATCH = 200
"""Recordings deleted in one transaction."""
YOUNG_SEC = 2 * 86_400
"""Seconds after the end of a recording during which results and queues may name it: longer than
Celery keeps results."""


SETTLED = 10_000
"""Maximum number of recordings per final verification."""


def delete(connection: Connection, ids: Sequence[UUID], why: Why) -> dict[UUID, str]:
    """Deletes recordings in any state; unknown ids are ignored. Returns the recordings whose data
    could not be removed completely, with the reason; upkeep retries them.

    Raises:
        Permanent: ``on_hold``, some that a user asked for are on hold; none is deleted.
        Unavailable: Postgres or Redis is unavailable.
    """
    open_: dict[UUID, str] = {}
    if why == "asked" and (held := holds.held(connection, ids)):
        raise holds.on_hold(held)
    for batch in batches(ids, BATCH):
        tombstones.bury(connection, batch, why, YOUNG_SEC, settings().late_job_sec)
        open_ |= erase(connection, batch)[1]
    return open_


def erase(
    connection: Connection, ids: Collection[UUID] | None = None
) -> tuple[int, dict[UUID, str]]:
    """Removes the data of deleted recordings outside Postgres, and publishes an event for each that
    is gone: of the named ones, or of up to ``BATCH`` open deletions. Returns the number of finished
    deletions, and the recordings with data that could not be removed, with the reason.

    Raises:
        Unavailable: Postgres or Redis is unavailable.
    """
    client = redis.client()
    tried = tombstones.attempt(connection, BATCH, ids)
    with connection.transaction():
        found = tombstones.take(connection, tried)
        deleted.mark(client, {each.id: each.until for each in found if each.until})
        removed, failed = dict[UUID, Counts](), dict[UUID, str]()
        for each in found:
            try:
                removed[each.id] = _erase(client, each)
            except EarshotError as error:
                if error.code in SERVICES:
                    raise
                log.error("recording %s cannot be deleted completely: %s", each.id, error)
                failed[each.id] = str(error)
        young = [each.id for each in found if each.leftovers.young]
        named = _sweep(connection, client, young)
        for each in found:
            if each.id in removed:
                swept: Counts = {"redis": named.get(each.id, {})}
                tombstones.erased(connection, each, added([each.removed, removed[each.id], swept]))
    outbox.relay(connection, client)
    return len(removed), failed


def _erase(client: Redis, found: Tombstone) -> Counts:
    left, store = found.leftovers, settings().store_url
    keys, events = traces.forget(
        client, left.chunks, [str(each) for each in left.events], left.entries
    )
    files, size = delete_recording(store, found.id)
    uri = left.upload or ""
    uploads = int(
        is_upload(uri, store) and remove(store, uri.removeprefix(f"{store.rstrip('/')}/"))
    )
    exports = [remove_export(found.id, each) for each in left.exports]
    return {
        "redis": {"keys": keys, "events": events},
        "store": {"files": files, "bytes": size, "uploads": uploads},
        "exports": {
            word: exports.count(word)
            for word in ("removed", "gone", "changed", "elsewhere")
            if word in exports
        },
    }


def _sweep(
    connection: Connection, client: Redis, ids: Sequence[UUID]
) -> dict[UUID, dict[str, int]]:
    """Removes messages, results and other Redis keys that still name the recordings; counts them by
    kind. Ids of requests that they answered are deleted with them."""
    hits = traces.look(client, ids)[1] if ids else []
    for hit in hits:
        request_id = answered.request_of(hit.key)
        if request_id and request_id != hit.recording:
            tombstones.bury_request(connection, request_id, hit.recording)
    return {each: dict(kinds) for each, kinds in traces.remove(client, hits).items()}


def check(connection: Connection, ids: Collection[UUID], read: Searched | None = None) -> Checked:
    """Searches every store for the recordings, removes what was written during their deletion, and
    stores the result with their tombstones.

    Args:
        read: the result of an earlier search of Postgres.
    """
    client = redis.client()
    swept = _sweep(connection, client, list(ids)).values()
    late = sum(sum(kinds.values()) for kinds in swept) + _sweep_store(ids)
    keys, hits = traces.look(client, ids)
    rows, found = (read.rows, read.found) if read else traces.rows(connection, ids)
    paths, named = _in_store(ids)
    found += [Trace(store="redis", place=hit.key.decode(errors="backslashreplace")) for hit in hits]
    checked = Checked(
        at=datetime.now(UTC),
        searched={"postgres": rows, "redis": {"keys": keys}, "store": {"paths": paths}},
        removed_late=late,
        found=(*found, *(Trace(store="store", place=path) for path in named)),
    )
    tombstones.searched(connection, ids, checked, settings().late_job_sec)
    return checked


def _in_store(ids: Collection[UUID]) -> tuple[int, list[str]]:
    """Number of paths in the store, and the paths that name one of the recordings."""
    wanted, paths, named = traces.Ids(ids), 0, []
    for each in stored(settings().store_url):
        paths += 1
        if wanted.named(each.path.encode(errors="surrogateescape")):
            named.append(each.path)
    return paths, named


def _sweep_store(ids: Collection[UUID]) -> int:
    """Removes audio that a decoder wrote after its recording was deleted; returns the number of
    files."""
    return sum(delete_recording(settings().store_url, each)[0] for each in ids)


def settle(connection: Connection, ends: float) -> list[UUID]:
    """Verifies deletions that no late job can reach any more; many at a time, because it reads
    everything. Returns the recordings whose verification is complete. It stops when the monotonic
    clock reaches ``ends``, and the next call continues."""
    if not searches.under_way(connection):
        ids = tombstones.unsettled(connection, settings().late_job_sec, SETTLED)
        if not ids:
            return []
        searches.begin(connection, ids)
    read = searches.go_on(connection, ends)
    if read is None:
        return []
    checked = check(connection, read.ids, read)
    if checked.found:
        log.error(
            "deleted recordings are still named by %s",
            ", ".join(sorted({each.place for each in checked.found})),
        )
    return read.ids


def keep_out(connection: Connection) -> None:
    """Restores the marks of deleted recordings that Redis lost."""
    deleted.mark(redis.client(), tombstones.reachable(connection))


def receipts(connection: Connection, ids: Collection[UUID]) -> list[DeletionReceipt]:
    """Receipts of these deletions, oldest first."""
    return tombstones.receipts(connection, ids)


def batches(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    """Splits ids into batches of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
