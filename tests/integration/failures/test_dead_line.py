"""A line to Redis that dies without a word: every process notices by itself, and is back within a
minute of its end."""

import threading
import time
from dataclasses import replace
from queue import Queue
from typing import Any

import pytest

from earshot.settings import PROJECT
from tasks.app import app
from tests.integration.enqueue import enqueue
from tests.proxy import Proxy
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
DEAD_SEC = 15
"""Longer than it takes a worker to notice, so that its first attempts to connect anew fail as
well."""
BACK_SEC = 60


def test_workers_and_beat_come_back_from_a_line_that_died_silently(stage: Stack) -> None:
    stage.settings |= {
        "CHUNK_LEASE_SEC": "30",
        "TASK_TIME_LIMIT_SEC": "29",
        "RECONCILE_EVERY_SEC": "1",
    }

    def offered(*analyses: str) -> Any:
        request = {"uri": stage.offer(DEMO), "analyses": analyses, "force": True}
        return enqueue(stage, request)["recording_id"]  # the sender's own line is sound

    with Proxy(stage.redis_url) as line:
        behind = replace(stage, redis_url=line.url)
        with (
            behind.workers("core", "ingest", "merge", "finalize", "upkeep"),
            behind.workers("busy", "scene"),
            behind.workers("idle", "noise"),
            behind.beat(),
        ):
            assert stage.wait_finished(offered("scene", "noise")) == "complete"
            in_flight = [offered("scene") for _ in range(3)]
            line.black_hole()
            time.sleep(DEAD_SEC)
            line.open()
            opened = time.monotonic()
            after = offered("scene", "noise")
            assert stage.wait_finished(after) == "complete"
            assert time.monotonic() - opened < BACK_SEC
            assert {stage.wait_finished(each) for each in in_flight} == {"complete"}


def test_listening_to_nobody_does_not_hold_up_the_loop(redis_url: str) -> None:
    """As after a reconnect in mid-read: the line is sound, subscribed, and has nothing to say."""
    with app.connection(redis_url) as connection:
        channel = connection.default_channel
        channel.subclient.psubscribe("/0.nobody.*")
        answers: Queue[Any] = Queue()

        def listen() -> None:
            for _ in range(3):
                answers.put(channel._receive())

        threading.Thread(target=listen, daemon=True).start()
        for _ in range(3):
            answers.get(timeout=10)  # raises Empty where the loop waits
