"""``earshot repair``: runs one pass of all periodic upkeep, and prints its actions."""

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
"""Slack above ``worker_lost_sec`` for observing a worker that long: more than two heartbeats."""
DONE = {
    "requests_sent_again": "requests sent again",
    "requests_restarted": (
        "recordings resumed that had failed because of a full disk or an unavailable store or"
        " source"
    ),
    "chunks_dispatched_again": (
        "chunks dispatched again: their worker died, or their message was lost"
    ),
    "merges_sent_again": "merges sent again",
    "chunks_given_up": "chunks abandoned, see `earshot dead list`",
    "recordings_dispatched": "recordings whose chunks were dispatched",
    "recordings_finalized": "recordings sent to be closed: all their chunks were merged",
    "events_restored": "events missing from the stream, to be published again",
    "events_published": "events published",
    "deletions_finished": "deletions finished that were interrupted",
    "deletions_settled": "deleted recordings searched for once more",
    "recordings_expired": "recordings deleted for their age",
    "failed_expired": "failed recordings deleted for their age",
    "audio_expired": "recordings whose audio was removed for its age",
    "words_expired": "recordings whose words were removed for their age",
    "scores_expired": "recordings whose answers were removed for their age",
    "events_expired": "events removed for their age",
    "deliveries_expired": "finished deliveries to webhooks removed for their age",
    "keys_expired": "keys of repeatable requests removed for their age",
    "pieces_expired": "uploads in pieces that nothing continued removed",
    "letters_expired": "dead letters removed for their age",
    "refused_expired": "refused messages removed for their age",
    "tombstones_expired": "tombstones removed for their age",
    "uploads_swept": "uploads without a request removed",
    "files_swept": "leftover audio and files of dead processes removed",
}
"""Text for each field of ``Repaired`` or ``Tidied``, in the order of the passes."""


def repair() -> int:
    """Runs one pass and prints one line for each kind of action."""
    _listen()
    lines = lines_of(repair_once(publisher, None, restart_failed=True)) + lines_of(tidy(sweep=True))
    for line in lines:
        show(line)
    if not lines:
        say("nothing to repair; `earshot doctor --stuck` shows what is late, and why")
    return 0


def lines_of(done: Repaired | Tidied) -> list[str]:
    """The actions of one pass, one line a kind."""
    counts = done.model_dump()
    return [f"{counts[name]} {words}" for name, words in DONE.items() if counts.get(name)]


def _listen() -> None:
    """Waits until dead workers can be identified. Missing heartbeats of a worker are no proof while
    no other sends any either, as after an outage of Redis: then it takes ``worker_lost_sec``.
    Without a live worker there is no reason to wait."""
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
                    f"waiting up to {settings().worker_lost_sec} s for heartbeats,"
                    " to find out which workers died"
                )
            listening = True
            time.sleep(POLL_SEC)
