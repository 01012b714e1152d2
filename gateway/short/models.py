"""The models of ``POST /scene`` and ``POST /emotion``: opened when the gateway starts (000-14), by
the releases that are active then."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from starlette.types import Message, Receive

from earshot.analysis.errors import EarshotError, Misconfigured, Unavailable
from earshot.analysis.findings import CoveredClassification
from earshot.noise import MLService
from earshot.pipeline.releases import serving
from earshot.settings import settings
from gateway.problems import Problem
from gateway.short.body import LONGEST_SEC
from gateway.short.threads import Threads
from workers.short import Sound, open_emotion, open_scene

log = logging.getLogger(__name__)

MOST_BYTES = 128 << 20
"""Of bodies that are received or wait for a thread; the next sender is asked to come again."""


Model = Callable[[Sequence[Any]], list[Any]]
"""A ``Classifier``; for noise ``MLService.classify_noise`` of each."""


@dataclass
class Models:
    """The opened models, and the threads that they run on."""

    threads: Threads
    opened: dict[str, Model | EarshotError]
    held_bytes: int = 0

    @contextmanager
    def holding(self, receive: Receive) -> Iterator[Receive]:
        """A ``receive`` that counts the body as held until the end of the context.

        Raises:
            Problem: 503, when too much is held already; raised by that ``receive``.
        """
        held = 0

        async def counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            if self.held_bytes + size > MOST_BYTES:
                raise Problem(
                    503, "busy", "Too many sounds wait to be classified.", {"Retry-After": "1"}
                )
            held += size
            self.held_bytes += size
            return message

        try:
            yield counted
        finally:
            self.held_bytes -= held

    async def classify(self, analysis: str, sound: Sound) -> CoveredClassification:
        """The answer of ``scene`` or ``emotion``.

        Raises:
            Unavailable: its model could not be opened.
        """
        found: CoveredClassification = await self.threads.run(self.model(analysis), sound)
        return found

    async def noise(self, audio_data: str, sample_rate: int) -> dict[str, Any]:
        """``MLService.classify_noise``.

        Raises:
            Unavailable: its model could not be opened.
            BadAudio, ValueError: as there.
        """
        asked = (audio_data, sample_rate)
        found: dict[str, Any] = await self.threads.run(self.model("noise"), asked)
        return found

    def model(self, analysis: str) -> Model:
        """The model of an analysis.

        Raises:
            Unavailable: it could not be opened.
        """
        found = self.opened[analysis]
        if isinstance(found, EarshotError):
            raise Unavailable(found.code, f"{analysis} has no model: {found}") from found
        return found


@asynccontextmanager
async def running() -> AsyncIterator[Models]:
    """The models, for the life of the gateway. One that cannot be opened takes its own operation
    away, and no other."""
    opened = await run_sync(_open)
    models = Models(Threads(_count()), opened)
    try:
        yield models
    finally:
        models.threads.stop()


def _open() -> dict[str, Model | EarshotError]:
    releases, opened = serving(log.warning), dict[str, Model | EarshotError]()
    openers: dict[str, Callable[[], Model]] = {
        "scene": lambda: open_scene(releases["scene"]),
        "emotion": lambda: open_emotion(releases["emotion"]),
        "noise": _open_noise,
    }
    for analysis, opener in openers.items():
        try:
            opened[analysis] = opener()
        except EarshotError as error:
            log.error("%s is not served: %s", analysis, error)
            opened[analysis] = error
    return opened


def _open_noise() -> Model:
    service = MLService(longest_ms=LONGEST_SEC * 1000)
    try:
        service.classifier  # noqa: B018  (opens it)
    except FileNotFoundError as error:
        raise Misconfigured("checkpoint", str(error)) from error
    return lambda asked: [service.classify_noise(*each) for each in asked]


def _count() -> int:
    cores = len(os.sched_getaffinity(0))
    return max(1, cores // settings().gateway_processes)
