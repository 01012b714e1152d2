"""One live session in the process that has its lease."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from earshot.analysis.errors import EarshotError, Unavailable
from earshot.compute.sound import SAMPLE_RATE
from earshot.live.events import Event
from earshot.live.hearing import Hearing
from earshot.live.listening import Heard, Look, ms
from earshot.live.sound import SETTLING, Format, Resampler
from earshot.settings import settings
from earshot.storage.redis.live import clients, owners
from earshot.storage.redis.live.keys import Session
from earshot.storage.redis.live.owners import Claimed, Frame
from live import keeping
from live.pieces import RETRY_SEC, Pieces

log = logging.getLogger(__name__)

IDLE = 5 * SAMPLE_RATE
"""Sound without speech after which the position is kept."""
QUIET_SEC = 0.5
"""A process says at least this often what it has consumed."""
FRAMES = 64
"""Frames of one read: what is behind is taken in parts, between which other sessions go on."""
PROVEN_SEC = 10.0
"""A session that a process has for so long, or that has a new checkpoint, does not end it."""


class Lost(Exception):
    """Another process has the session."""


class LiveSession:
    """Belongs to the event loop; only ``Listener.listen`` runs elsewhere."""

    def __init__(
        self,
        redis: Redis,
        key: Session,
        worker: str,
        claimed: Claimed,
        wake: Callable[[], None],
    ) -> None:
        """Takes what calls the threads when there may be something to recognise."""
        fields = claimed.fields
        self.key, self._redis, self._worker = key, redis, worker
        self._about: dict[str, Any] = json.loads(fields["about"])
        self._format = Format(self._about["format"], self._about["rate"])
        self._seq = int(fields.get("seq", 0))
        self.hearing = Hearing()
        self.since = 0.0
        """When its last window was recognised, by the clock of the loop."""
        self.busy = False
        self.changed = asyncio.Event()
        """Set when there may be events to publish."""
        self._recognised = asyncio.Event()
        self._consumed = False
        self._wake = wake
        self._end: str | None = None
        self._writing = asyncio.Lock()
        self._waiting: list[Event] = []
        self._kept_at, self._said, self._began = 0, 0.0, asyncio.get_running_loop().time()
        self._pieces = Pieces(UUID(key.id), self._format, int(fields.get("stored", 0)))
        self._failed, self._unproven = False, True
        kept = {} if claimed.spent else fields
        self._resume(json.loads(kept.get("checkpoint", b"{}")), kept.get("committed"))
        if claimed.spent:
            self.fail()

    def _resume(self, checkpoint: dict[str, Any], committed: bytes | None) -> None:
        self._frame, self._taken = checkpoint.get("frame", 0), checkpoint.get("taken", 0)
        """The next frame to recognise, and the client's samples before it."""
        self._starts = deque([(self._frame, self._taken)])
        self._next = min(self._frame, self._pieces.stored)
        self._checkpoint: dict[str, Any] | None = None
        self._trim = self._next
        self._resampler = Resampler(self._format)
        self._skip = 0
        state = checkpoint.get("hearing")
        self.hearing.resume(state, json.loads(committed) if committed else None)
        if state is not None:
            self._skip = state["begin"] - self._format.position(self._taken)

    async def run(self) -> None:
        """Consumes the sound until the session has ended and all of it is recognised.

        Raises:
            Lost: another process has it.
        """
        works = [asyncio.create_task(work) for work in (self._consume(), self._say())]
        try:
            await asyncio.gather(*works)
        finally:
            for each in works:
                each.cancel()
        await self._close()

    async def _consume(self) -> None:
        while self._end is None:
            if self._failed:
                await clients.end(self._redis, self.key, "recogniser_failed")
            for frame in await owners.frames(self._redis, self.key, self._next - 1, FRAMES):
                if frame.end is not None:
                    self._finish(frame.end)
                    break
                self._take(frame)
            self._wake()
            if self._waiting:
                self.changed.set()
            await self._pieces.store(all_of_it=self._end is not None)
            if ms(self.hearing.end) > settings().live_longest_sec * 1000:
                await clients.end(self._redis, self.key, "too_long")
        while not self.hearing.done:
            self._recognised.clear()
            self._wake()
            await self._recognised.wait()
        self._consumed = True
        self.changed.set()

    async def _say(self) -> None:
        """Publishes events as they come, and what was consumed."""
        while not self._consumed:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_SEC):
                    await self.changed.wait()
            self.changed.clear()
            await self._publish()

    def heard(self, look: Look, heard: Heard) -> None:
        """Takes the words of a window."""
        self._waiting += self.hearing.take(look, heard)
        self._recognised.set()
        self.changed.set()

    def fail(self) -> None:
        """Ends the live words, and then the session: the recogniser failed. The sound is kept."""
        self._waiting.append(Event({"type": "error", "code": "recogniser_failed"}))
        self._failed, self.hearing = True, Hearing()
        self.hearing.finish()
        self._recognised.set()
        self.changed.set()

    def _take(self, frame: Frame) -> None:
        if frame.place != self._next:
            log.warning("session %s lacks frames from %d on", self.key.id, self._next)
        self._next = frame.place + 1
        if frame.place >= self._pieces.stored:
            self._pieces.add(frame.sound)
        if self._failed or frame.place < self._frame:
            return
        self._starts.append((frame.place, self._taken))
        self._taken += len(frame.sound) // self._format.width
        self._feed(frame.sound)

    def _feed(self, sound: bytes, last: bool = False) -> None:
        samples = self._resampler.samples(sound, last)
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        self._waiting += self.hearing.feed(samples[skipped:])

    def _finish(self, reason: str) -> None:
        self._feed(b"", last=True)
        self._waiting += self.hearing.finish()
        self._end = reason

    async def _publish(self) -> None:
        async with self._writing:
            events, self._waiting = self._waiting, []
            now = asyncio.get_running_loop().time()
            self._checkpoint_at([event.state for event in events if event.state is not None])
            if not (events or self._checkpoint or now - self._said > QUIET_SEC):
                return
            self._said = now
            texts = [self._text(event.body) for event in events]
            fields: dict[str, Any] = {
                "seq": self._seq,
                "heard": self._next,
                "stored": self._pieces.stored,
                "committed": json.dumps(self.hearing.committed()),
            }
            if self._unproven and (self._checkpoint or now - self._began > PROVEN_SEC):
                fields["claims"], self._unproven = 0, False
            if self._checkpoint:
                fields["checkpoint"] = json.dumps(self._checkpoint)
                self._trim, self._checkpoint = self._checkpoint["frame"], None
            needed = min(self._trim, self._pieces.stored)
            if not await owners.commit(
                self._redis, self.key, self._worker, texts, json.dumps(fields), needed
            ):
                raise Lost

    def _checkpoint_at(self, states: list[dict[str, Any]]) -> None:
        """Notes from where another process could continue, behind the last final or in silence."""
        state = states[-1] if states else None
        if state is None and self.hearing.end - self._kept_at >= IDLE:
            state = self.hearing.checkpoint()
        if state is None:
            return
        self._kept_at = self.hearing.end
        settled = state["begin"] - round(SETTLING * SAMPLE_RATE)
        while len(self._starts) > 1 and self._format.position(self._starts[1][1]) <= settled:
            self._starts.popleft()
        frame, taken = self._starts[0]
        self._checkpoint = {"frame": frame, "taken": taken, "hearing": state}

    def _text(self, body: dict[str, Any]) -> str:
        self._seq += 1
        named = {
            "type": body["type"],
            "id": f"{self.key.id}-{self._seq}",
            "session_id": self.key.id,
            "seq": self._seq,
            "frame": self._next - 1,
        }
        return json.dumps({**named, **body}, ensure_ascii=False, separators=(",", ":"))

    async def _close(self) -> None:
        """Submits the sound as a recording, and says that this is all."""
        format_, about = self._format, self._about
        while True:
            try:
                kept = await asyncio.to_thread(keeping.hand_over, UUID(self.key.id), format_, about)
                break
            except Unavailable as error:
                log.warning("session %s is not submitted yet: %s", self.key.id, error)
                await asyncio.sleep(RETRY_SEC)
            except EarshotError as error:
                log.warning("session %s is not kept: %s", self.key.id, error)
                kept = False
                break
        body = {
            "type": "session.ended",
            "reason": self._end,
            "recording_id": self.key.id if kept else None,
            "duration_ms": None if self._failed else ms(self.hearing.end),
        }
        self._waiting.append(Event(body))
        await self._publish()
        kept_sec = settings().live_kept_sec
        await owners.close(self._redis, self.key, self._worker, kept_sec)
