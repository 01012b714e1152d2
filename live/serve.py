"""Runs a live process in the foreground."""

import asyncio
import logging
import os
import signal
import wave
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.live.listening import Listener
from earshot.models.asr.english_alignment import Aligner
from earshot.models.asr.moonshine import Moonshine, open_moonshine
from earshot.models.checkpoints.catalog import load
from earshot.settings import settings
from earshot.storage.redis.live import connected
from live.aligning import Beside
from live.capacity import measure
from live.lane import Lane
from tasks.process import environment

log = logging.getLogger(__name__)


def serve(say: Callable[[str], None]) -> None:
    """Serves live sessions until SIGTERM or Ctrl-C.

    Raises:
        Misconfigured: ``redis_url`` or ``live_recogniser``, there is none.
    """
    environment.complete()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    if not settings().redis_url:
        raise Misconfigured(
            "redis_url", "no Redis to work for: run `earshot up`, or set EARSHOT_REDIS_URL"
        )
    beside = Beside()
    try:
        model = recogniser()
        threads = settings().live_threads or len(os.sched_getaffinity(0))
        measured = measure(Listener(model, Aligner().align), _speech(), threads)
        listener = Listener(model, beside.align)
        most = settings().live_sessions or measured.sessions
        say(
            f"live sessions: {most}; a second of speech takes {measured.cpu_per_second:.2f} s of"
            f" CPU, on {threads} threads"
        )
        asyncio.run(_run(listener, threads, most))
    finally:
        beside.stop()


def recogniser() -> Moonshine:
    """The recogniser of live sessions.

    Raises:
        Misconfigured: it is missing.
    """
    for entry in load():
        if entry.runtime == "moonshine" and entry.at_hand:
            return open_moonshine(entry.release(), "cpu", settings())
    raise Misconfigured(
        "live_recogniser", "live sessions need Moonshine, which has no wheel for this platform"
    )


def _speech() -> Samples:
    """Speech out of the recogniser's wheel."""
    spec = find_spec("moonshine_voice")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "assets" / "beckett.wav"
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, SAMPLE_RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return sound.astype(np.float32) / np.float32(32_768)


async def _run(listener: Listener, threads: int, most: int) -> None:
    loop = asyncio.get_running_loop()
    redis = connected.connect()
    task = asyncio.create_task(Lane(redis, listener, threads, most).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("the live process ends")
    finally:
        await redis.aclose()
