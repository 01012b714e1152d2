"""``earshot repair``: one pass of all that upkeep does by the clock, and what it did."""

import time

from cli.terminal.console import say, show
from earshot.pipeline import verdicts
from earshot.pipeline.cleanup import Tidied, tidy
from earshot.pipeline.repair import Repaired
from earshot.pipeline.repair import repair as repair_once
from earshot.settings import settings
from earshot.storage.postgres.db import connect
from earshot.storage.redis.client import client
from tasks import publisher

POLL_SEC = 1.0
HEARTBEAT_SEC = 5.0
"""Slack above ``worker_lost_sec`` for a worker to be heard so long: more than two heartbeats."""
DONE = {
    "requests_sent_again": "requests sent again",
    "requests_restarted": (
        "recordings taken up again that had failed for a full disk, a store or a source that was"
        " away"
    ),
    "chunks_dispatched_again": (
        "chunks dispatched again: their worker died, or their message was lost"
    ),
    "merges_sent_again": "merges sent again",
    "chunks_given_up": "chunks given up, see `earshot dead list`",
    "recordings_dispatched": "recordings whose chunks were dispatched",
    "recordings_finalized": "recordings sent to be closed: all their chunks were merged",
    "events_restored": "events found lost from the stream",
    "events_published": "events published",
    "deletions_finished": "deletions finished that were interrupted",
    "deletions_settled": "deleted recordings looked for once more",
    "recordings_expired": "recordings deleted for their age",
    "failed_expired": "failed recordings deleted for their age",
    "audio_expired": "recordings whose audio was removed for its age",
    "events_expired": "events removed for their age",
    "letters_expired": "dead letters removed for their age",
    "refused_expired": "refused messages removed for their age",
    "tombstones_expired": "tombstones removed for their age",
    "uploads_swept": "uploads removed that no request names",
    "files_swept": "recordings' audio and files removed that dead processes left",
}
"""Field of ``Repaired`` or ``Tidied`` to the words for it, in the order of the passes."""


def repair() -> int:
    """Runs one pass and prints one line for each kind of thing that it set going again."""
    _listen()
    lines = told(repair_once(publisher, None, restart_failed=True)) + told(tidy(sweep=True))
    for line in lines:
        show(line)
    if not lines:
        say("nothing to mend; `earshot doctor --stuck` shows what is late, and why")
    return 0


def told(done: Repaired | Tidied) -> list[str]:
    """What one pass did, one line a kind."""
    counts = done.model_dump()
    return [f"{counts[name]} {words}" for name, words in DONE.items() if counts.get(name)]


def _listen() -> None:
    """Silence of a worker is no proof of its death while nobody else was heard either, as after a
    time without Redis: then it takes ``worker_lost_sec`` to tell. Where no worker lives there is
    nobody to give the work to, and no use in waiting."""
    redis, until = (
        client(),
        time.monotonic() + settings().worker_lost_sec + HEARTBEAT_SEC,
    )
    listening = False
    with connect() as connection:
        while time.monotonic() < until:
            at = verdicts.look(redis, None)
            delays = [
                delay
                for each in verdicts.late_chunks(connection, redis, at)
                for delay in each.delays
            ]
            if not at.workers or not any(delay.verdict == "unsure" for delay in delays):
                return
            if not listening:
                say(
                    f"listening for up to {settings().worker_lost_sec} s: it is not known yet which"
                    " of the silent workers died"
                )
            listening = True
            time.sleep(POLL_SEC)
