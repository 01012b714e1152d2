"""A reader of Server-Sent Events that connects again as a browser's EventSource does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2

AGAIN_SEC = 0.2
BROKEN = (httpx2.HTTPError, OSError)


class Sent(NamedTuple):
    """One event of a stream."""

    position: str | None
    type: str
    data: dict[str, Any]


async def parsed(lines: AsyncIterator[str]) -> AsyncIterator[Sent]:
    """Events out of the lines of a response (HTML standard, 9.2.6)."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line.startswith(":"):
            continue
        if not line:
            if "data" in fields:
                yield Sent(fields.get("id"), fields["event"], json.loads(fields["data"]))
            fields = {}
            continue
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")


@dataclass
class Listener:
    """What one client has received over all its connections."""

    client: httpx2.AsyncClient
    query: dict[str, str] = field(default_factory=dict)
    last: str | None = None
    ids: list[str] = field(default_factory=list)
    """Of the events, in order."""
    others: list[Sent] = field(default_factory=list)
    """``gap`` and ``position``."""
    connections: int = 0

    async def listen(self, enough: Callable[["Listener"], bool]) -> None:
        """Reads, and connects again, until ``enough``."""
        while not enough(self):
            try:
                if await self._connection(enough):
                    return
            except BROKEN:
                pass  # as a browser does
            await asyncio.sleep(AGAIN_SEC)

    async def _connection(self, enough: Callable[["Listener"], bool]) -> bool:
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        async with self.client.stream(
            "GET", "/events", params=self.query, headers=headers
        ) as answer:
            if answer.status_code != 200:
                return False
            self.connections += 1
            async for sent in parsed(answer.aiter_lines()):
                if sent.position is not None:
                    self.last = sent.position
                if sent.type in ("gap", "position"):
                    self.others.append(sent)
                else:
                    self.ids.append(sent.data["id"])
                if enough(self):
                    return True
        return False


def has(number: int) -> Callable[[Listener], bool]:
    """True as soon as a listener has so many events."""
    return lambda listener: len(listener.ids) >= number


def started(listener: Listener) -> bool:
    return bool(listener.others)
