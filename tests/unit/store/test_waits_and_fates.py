"""The judgements on which the reconciler acts: who is dead, what is lost, what merely waits."""

import re

import pytest

from earshot.settings import Settings
from earshot.storage.redis.claims import Claim, Fate, fate
from earshot.storage.redis.presence import Worker, alive_sec
from earshot.storage.redis.waits import BACKLOG_PER_CHILD, Queue

NOW, LEASE = 1e9, 300.0
ALIVE = Worker(
    incarnation="a",
    node="cpu@here",
    queues=("scene",),
    children=(11, 12),
    busy={11: NOW - 100},
    since=NOW - 500,
    seen=NOW,
)


def claimed(pid: int, since: float = NOW - 60) -> Claim:
    return Claim(worker="a", node="cpu@here", pid=pid, since=since)


@pytest.mark.parametrize(
    ("claim", "worker", "watching", "expected"),
    [
        (claimed(11), ALIVE, True, "working"),
        (claimed(12), ALIVE, True, "let_go"),  # alive and idle: Redis forgot that it was done
        (claimed(11, since=NOW - 200), ALIVE, True, "let_go"),  # at a later job by now
        (claimed(99), ALIVE, True, "child_died"),
        (
            claimed(99, since=NOW - 1),
            ALIVE,
            True,
            "working",
        ),  # perhaps begun since the last heartbeat
        (claimed(11), ALIVE.model_copy(update={"left": True}), True, "handed_back"),
        (claimed(11), None, True, "died"),
        (
            claimed(11),
            None,
            False,
            "unsure",
        ),  # the one who asks was not heard himself: it may be Redis that was away
    ],
)
def test_what_became_of_the_holder_of_a_claim(
    claim: Claim, worker: Worker | None, watching: bool, expected: Fate
) -> None:
    assert fate(claim, {"a": worker} if worker else {}, watching=watching) == expected


@pytest.mark.parametrize(
    ("length", "newest_started", "sent_at", "lost"),
    [
        (0, 0.0, NOW - LEASE + 1, False),
        (0, 0.0, NOW - LEASE - 1, True),  # nothing waits and it was never started
        (
            5,
            NOW - 3600,
            NOW - 3599,
            False,
        ),  # an hour's queue: those before it were started just now
        (5, NOW - 3600, NOW - 3600 - LEASE - 1, True),  # overtaken
        (5, 0.0, NOW - 86_400, False),  # nobody has started anything: it waits, be it for a day
    ],
)
def test_a_lost_job_is_told_from_one_that_waits(
    length: int, newest_started: float, sent_at: float, lost: bool
) -> None:
    assert (
        Queue(length=length, newest_started=newest_started, children=2).lost(sent_at, NOW, LEASE)
        == lost
    )


def test_there_is_no_room_where_nobody_works_or_enough_waits() -> None:
    assert Queue(length=0, newest_started=0, children=0).room == 0
    assert Queue(length=2 * BACKLOG_PER_CHILD + 1, newest_started=0, children=2).room == 0
    assert Queue(length=1, newest_started=0, children=2).room == 2 * BACKLOG_PER_CHILD - 1


def test_a_worker_that_left_is_not_heard() -> None:
    assert alive_sec({"a": ALIVE}, "a") > 0
    assert alive_sec({"a": ALIVE.model_copy(update={"left": True})}, "a") == 0
    assert alive_sec({}, "a") == 0


def test_settings_that_would_take_the_living_for_dead_are_refused() -> None:
    with pytest.raises(ValueError, match="worker_lost_sec must be above soft_shutdown_sec"):
        Settings(worker_lost_sec=10, soft_shutdown_sec=20)
    with pytest.raises(
        ValueError, match="task_time_limit_sec must stay below visibility_timeout_sec"
    ):
        Settings(task_time_limit_sec=1800)


def test_the_advice_to_raise_the_limit_of_a_task_can_be_followed() -> None:
    before = Settings(task_time_limit_sec=100, visibility_timeout_sec=200)
    named = re.findall(r"EARSHOT_(\w+)[^\d]*\(now (\d+)\)", before.task_limit_advice)
    assert dict(named) == {"TASK_TIME_LIMIT_SEC": "100", "VISIBILITY_TIMEOUT_SEC": "200"}
    raised = Settings(**{name.lower(): int(now) * 3 for name, now in named})
    assert raised.task_soft_limit_sec > before.task_soft_limit_sec
