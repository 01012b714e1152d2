"""Publishes alarms while their job still runs, without waiting for its other chunks or the
merge."""

from collections.abc import Mapping

from redis import Redis

from earshot.analysis import events
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.types import ChunkRef
from earshot.storage import outbox
from earshot.storage.postgres import db


def publish(client: Redis, outcomes: Mapping[ChunkRef, Outcome]) -> None:
    """Publishes the alarms found in these outcomes. Call it before staging: a staged chunk is not
    analysed again, so a crash in between would lose its alarm; an alarm that is published twice has
    the same id.

    Raises:
        Unavailable: Postgres or Redis is unavailable; retry the job.
    """
    found = [
        events.emergency(ref.key, alarm)
        for ref, outcome in outcomes.items()
        if isinstance(outcome, Succeeded)
        for alarm in outcome.alarms
    ]
    if found:
        with db.once() as connection:
            outbox.announce(connection, client, found)
