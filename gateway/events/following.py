"""Follows the events of one tenant that pass a filter, from a position on.

What clients know as positions are places among the events of their tenant. Positions among those of
all tenants, which the hub reads by, stay inside: they would count the events of others."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Literal, NamedTuple
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from earshot.analysis.errors import Unavailable
from earshot.storage import outbox
from earshot.storage.postgres import db
from gateway.door import Caller
from gateway.events.hub import RETRY_SEC, Entry, Hub, came, entry

BEAT_SEC = 15.0
"""Longest time without a word to the client."""
READY_SEC = 20.0


class Wanted(NamedTuple):
    """Whose events, and which of them."""

    tenant: str
    types: frozenset[str]
    """Empty: all."""
    recording_id: UUID | None

    def has(self, event: Entry) -> bool:
        return (
            event.tenant == self.tenant
            and (not self.types or event.type in self.types)
            and self.recording_id in (None, event.recording_id)
        )

    def is_behind(self, place: int, event: Entry) -> bool:
        """True for any type and recording of the tenant."""
        return event.tenant == self.tenant and event.place > place


class Message(NamedTuple):
    """What a client is sent."""

    kind: Literal["event", "gap", "position"]
    """``gap``: events were removed before the client read them. ``position``: where the stream
    stands."""
    place: int | None
    """From which the client resumes after this message; None leaves it where it is."""
    type: str
    text: str
    """JSON on one line."""


class Start(NamedTuple):
    """Where a stream starts."""

    place: int
    position: int
    """The hub's, up to which the tenant's events are no later than ``place``."""
    gap: Message | None
    trimmed: int
    """The last removed place that the client knows of."""


def _gap(after: int, trimmed: int) -> Message:
    return Message("gap", None, "gap", json.dumps({"after": after, "trimmed": trimmed}))


def _stands(place: int) -> Message:
    return Message("position", place, "position", json.dumps({"position": place}))


async def start(hub: Hub, tenant: str, after: int | None, everything: bool) -> Start:
    """Decides where a stream starts.

    Args:
        after: place that the client has read; None if it has none.
        everything: without a place, all kept events rather than new ones.

    Raises:
        Unavailable: Postgres does not answer.
    """
    begin, forgotten = await run_in_threadpool(_start, tenant, after, everything)
    try:
        async with asyncio.timeout(READY_SEC):
            await hub.ready.wait()
    except TimeoutError:
        raise Unavailable("postgres_away", "Postgres does not answer") from None
    hub.forget(forgotten)
    return begin


def _start(tenant: str, after: int | None, everything: bool) -> tuple[Start, int]:
    """The start, and the last position that was removed when it was decided."""
    with db.pooled() as connection:
        last, trimmed = outbox.standing_of_tenant(connection, tenant)
        gap = None
        if after is None:
            place = 0 if everything else last
        elif after > last:  # of another database, or of one before it was restored
            place, gap = last, _gap(after, last)
        else:
            place, gap = after, _gap(after, trimmed) if trimmed > after else None
        position = outbox.position_behind(connection, tenant, place)
        forgotten = outbox.standing(connection).trimmed  # afterwards: no less than the client knows
    return Start(place, position, gap, trimmed), forgotten


async def follow(
    hub: Hub, caller: Caller, wanted: Wanted, begin: Start
) -> AsyncIterator[list[Message]]:
    """What the client is sent, in order; an empty list when there was nothing for ``BEAT_SEC``.
    Ends with the gateway, or with the token."""
    loop = asyncio.get_running_loop()
    position, trimmed = begin.position, begin.trimmed
    place = told = begin.place
    due = loop.time() + BEAT_SEC
    yield [*([begin.gap] if begin.gap else []), _stands(place)]
    while not hub.ended(caller.token):
        changed = hub.changed
        found: list[Message] = []
        away = False
        if position < hub.beginning:
            try:
                async with hub.reading:
                    read = await run_in_threadpool(_stored, wanted, place, hub.head)
            except Unavailable:
                away = True
            else:
                if read.trimmed > max(trimmed, place):
                    trimmed = read.trimmed
                    found.append(_gap(place, trimmed))
                found += map(_message, read.events)
                position, place = read.position, max(place, read.place)
        else:
            new = [each for each in hub.behind(position) if wanted.is_behind(place, each)]
            found = [_message(each) for each in new if wanted.has(each)]
            position = max(position, hub.head)
            place = new[-1].place if new else place
        if not found and loop.time() >= due:
            found = [_stands(place)] if place > told else []
            yield found
            told, due = place, loop.time() + BEAT_SEC
        elif found:
            yield found
            told, due = found[-1].place or told, loop.time() + BEAT_SEC
        elif away or position >= hub.head:
            await came(changed, RETRY_SEC if away else due - loop.time())


class _Read(NamedTuple):
    events: list[Entry]
    position: int
    """Up to which nothing is left to read."""
    place: int
    """The tenant's at this position."""
    trimmed: int


def _stored(wanted: Wanted, place: int, until: int) -> _Read:
    with db.pooled() as connection:
        rows = outbox.after_of_tenant(
            connection,
            wanted.tenant,
            place,
            until,
            types=wanted.types,
            recording_id=wanted.recording_id,
        )
        reached = rows[-1].position if len(rows) == outbox.BATCH else until
        place = outbox.place_at(connection, wanted.tenant, reached)
        # afterwards: nothing vanishes unnoticed
        trimmed = outbox.standing_of_tenant(connection, wanted.tenant).trimmed
    return _Read([entry(row) for row in rows], reached, place, trimmed)


def _message(event: Entry) -> Message:
    return Message("event", event.place, event.type, event.text)
