"""Watches whether the answers of the active releases move, source by source."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from redis import Redis

from earshot.analysis import events
from earshot.analysis.drift.psi import Drift, drift, histogram
from earshot.analysis.drift.psi import baseline as fixed
from earshot.analysis.errors import OutOfTime
from earshot.pipeline.releases import active
from earshot.storage import outbox
from earshot.storage.postgres.db import Connection
from earshot.storage.redis.client import lost_connections
from earshot.storage.releases import drifting
from earshot.storage.releases.drifting import Answered, Baseline, Of

ANALYSES = ("emotion", "noise", "scene", "sentiment")
LEAST_REFERENCE, MOST = 200, 1_000
"""Recordings of a baseline, and the most on either side."""
REFERENCE_DAYS, NOW_DAYS = 30, 14
"""How far back a baseline reaches, and what is now."""
DAILY, EVERY_SEC = "drift_measured", 86_400


class Measured(NamedTuple):
    """A release and source."""

    of: Of
    reference: int
    """Recordings of the baseline; without one those that there are."""
    drifts: list[Drift]
    """Of every figure; empty without a baseline, or if nothing is there to compare."""
    newest: list[Answered]
    """The recordings that were compared with the baseline."""


def measured(
    connection: Connection, source: str | None = None, analysis: str | None = None
) -> Iterator[Measured]:
    """Compares the newest recordings of every source with the baseline of each active release, and
    fixes baselines where enough recordings are there.

    Args:
        source: only this tenant.
        analysis: only this one of ``ANALYSES``.
    """
    tenants = [source] if source else drifting.tenants(connection, NOW_DAYS)
    releases = active(connection)
    for tenant in tenants:
        for name in ANALYSES:
            if analysis in (None, name):
                yield _measured(connection, Of(name, releases[name].name, tenant))


def daily(connection: Connection, client: Redis) -> int:
    """Stores the measurements of all sources, once a day, with an event for each figure that begins
    to drift; the number of events."""
    if not _due(client):
        return 0
    told = 0
    try:
        for found in measured(connection):
            told += _store(connection, found)
    except OutOfTime:  # as long tomorrow: the rest of the day is for other work
        raise
    except Exception:
        client.delete(DAILY)
        raise
    if told:
        outbox.relay(connection, client)
    return told


@lost_connections()
def _due(client: Redis) -> bool:
    """Whether no measurement started within a day; marks one as started."""
    return bool(client.set(DAILY, 1, nx=True, ex=EVERY_SEC))


def _store(connection: Connection, found: Measured) -> int:
    told = 0
    for each in found.drifts:
        with connection.transaction():
            if drifting.put(connection, found.of, each):
                last = max(found.newest, key=lambda one: one.finished_at)
                event = events.drifted(last.id, found.of.analysis, found.of.release, each)
                outbox.add(connection, [event])
                told += 1
    return told


def _measured(connection: Connection, of: Of) -> Measured:
    now = datetime.now(UTC)
    known = drifting.baseline(connection, of)
    if known is None:
        first = _first(connection, of, now)
        if len(first) < LEAST_REFERENCE:
            return Measured(of, len(first), [], [])
        until = max(each.finished_at for each in first)
        known = Baseline(recordings=len(first), until=until, histograms=fixed(first))
        drifting.put_baseline(connection, of, known)
    after = max(known.until, now - timedelta(days=NOW_DAYS))
    newest = drifting.seen(connection, of, after, MOST, newest=True)
    drifts = [
        drift(figure, before, histogram(figure, before.edges, newest))
        for figure, before in known.histograms.items()
    ]
    return Measured(of, known.recordings, drifts if newest else [], newest)


def _first(connection: Connection, of: Of, now: datetime) -> list[Answered]:
    """The first recordings since the promotion, or of the last month."""
    after = max(
        drifting.since(connection, of) or datetime.min.replace(tzinfo=UTC),
        now - timedelta(days=REFERENCE_DAYS),
    )
    return drifting.seen(connection, of, after, MOST, newest=False)
