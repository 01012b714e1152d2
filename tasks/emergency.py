"""Tells of emergencies while a job is at work: they do not wait for its other chunks, nor for the
merge."""

from collections.abc import Mapping

from redis import Redis

from earshot.analysis import events
from earshot.analysis.outcome import Outcome, Succeeded
from earshot.analysis.types import ChunkRef
from earshot.storage import outbox
from earshot.storage.postgres import db
from workers.modules import module


def tell(client: Redis, analysis: str, said: Mapping[ChunkRef, Outcome]) -> None:
    """Publishes what the outcomes hold of alarms. To be called before they are staged: what is
    staged is not done again, so an alarm could be lost, while one that is told twice has the same
    id.

    Raises:
        Unavailable: Postgres or Redis is away; the job is to be tried again.
    """
    findings = module(analysis).FINDINGS
    told = [
        events.emergency(ref.key, alarm)
        for ref, outcome in said.items()
        if isinstance(outcome, Succeeded)
        for alarm in findings.model_validate(outcome.findings).alarms()
    ]
    if told:
        with db.once() as connection:
            outbox.announce(connection, client, told)
