"""Follows the events of one tenant that pass a filter, from a position on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Literal, NamedTuple
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import db
from gateway.door import Caller
from gateway.events.hub import RETRY_SEC, Entry, Hub, came, entry
from gateway.problems import Problem

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


class Message(NamedTuple):
    """What a client is sent."""

    kind: Literal["event", "gap", "position"]
    """``gap``: events were removed before the client read them. ``position``: where the stream
    stands."""
    position: int | None
    """From which the client resumes after this message; None leaves it where it is."""
    type: str
    text: str
    """JSON on one line."""


class Start(NamedTuple):
    """Where a stream starts."""

    position: int
    gap: Message | None
    trimmed: int
    """The last removed position that the client knows of."""


def _gap(after: int, trimmed: int) -> Message:
    return Message("gap", None, "gap", json.dumps({"after": after, "trimmed": trimmed}))


def _stands(position: int) -> Message:
    return Message("position", position, "position", json.dumps({"position": position}))


async def start(hub: Hub, after: int | None, everything: bool) -> Start:
    """Decides where a stream starts.

    Args:
        after: position that the client has read; None if it has none.
        everything: without a position, all kept events rather than new ones.

    Raises:
        Problem: 503, too many streams.
        Unavailable: Postgres does not answer.
    """
    most = settings().event_streams
    if hub.streams() >= most:
        raise Problem(
            503,
            "too_many_streams",
            f"This server has {most} open streams already.",
            {"Retry-After": "10"},
        )
    standing = await run_in_threadpool(_standing)
    try:
        async with asyncio.timeout(READY_SEC):
            await hub.ready.wait()
    except TimeoutError:
        raise Unavailable("postgres_away", "Postgres does not answer") from None
    hub.forget(standing.trimmed)
    if after is None:
        return Start(0 if everything else standing.last, None, standing.trimmed)
    if after > standing.given:  # of another database, or of one before it was restored
        return Start(standing.last, _gap(after, standing.last), standing.trimmed)
    gap = _gap(after, standing.trimmed) if standing.trimmed > after else None
    return Start(after, gap, standing.trimmed)


def _standing() -> outbox.Standing:
    with db.pooled() as connection:
        return outbox.standing(connection)


async def follow(
    hub: Hub, caller: Caller, wanted: Wanted, begin: Start
) -> AsyncIterator[list[Message]]:
    """What the client is sent, in order; an empty list when there was nothing for ``BEAT_SEC``.
    Ends with the gateway, or with the token."""
    loop = asyncio.get_running_loop()
    position = told = begin.position
    trimmed = begin.trimmed
    due = loop.time() + BEAT_SEC
    yield [*([begin.gap] if begin.gap else []), _stands(position)]
    while not hub.ended(caller.token):
        changed = hub.changed
        found: list[Message] = []
        away = False
        if position < hub.beginning:
            try:
                async with hub.reading:
                    read = await run_in_threadpool(_stored, wanted, position, hub.head)
            except Unavailable:
                away = True
            else:
                if read.trimmed > max(trimmed, position):
                    trimmed = read.trimmed
                    found.append(_gap(position, trimmed))
                found += map(_message, read.events)
                position = read.position
        else:
            found = [_message(each) for each in hub.behind(position) if wanted.has(each)]
            position = hub.head if position < hub.head else position
        if not found and loop.time() >= due:
            found = [_stands(position)] if position > told else []
            yield found
            told, due = position, loop.time() + BEAT_SEC
        elif found:
            yield found
            told, due = found[-1].position or told, loop.time() + BEAT_SEC
        elif away or position >= hub.head:
            await came(changed, RETRY_SEC if away else due - loop.time())


class _Read(NamedTuple):
    events: list[Entry]
    position: int
    """Up to which nothing is left to read."""
    trimmed: int


def _stored(wanted: Wanted, position: int, until: int) -> _Read:
    with db.pooled() as connection:
        rows = outbox.after_of_tenant(
            connection,
            wanted.tenant,
            position,
            until,
            types=wanted.types,
            recording_id=wanted.recording_id,
        )
        trimmed = outbox.standing(connection).trimmed  # afterwards: nothing vanishes unnoticed
    reached = rows[-1].position if len(rows) == outbox.BATCH else until
    return _Read([entry(row) for row in rows], reached, trimmed)


def _message(event: Entry) -> Message:
    return Message("event", event.position, event.type, event.text)
