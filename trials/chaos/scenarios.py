"""The rows of the table, as data."""

from trials.chaos import script
from trials.chaos.arena import ANALYSING, FRONT, MERGE, USUAL
from trials.chaos.fleet import Worker
from trials.chaos.points import POINTS
from trials.chaos.rows import (
    at_once,
    clock,
    jobs,
    kills,
    offered,
    postgres_away,
    redis_away,
    refused,
)
from trials.chaos.scenario import Scenario, Size

_IMPATIENT = {"EARSHOT_TASK_TIME_LIMIT_SEC": "5", "EARSHOT_VISIBILITY_TIMEOUT_SEC": "6"}
"""A pool whose visibility timeout is shorter than another's jobs: in one Redis the shortest one
applies."""
_TWO_VISIBILITIES = {
    **USUAL,
    "merge": MERGE._replace(env=_IMPATIENT),
    "work-1": ANALYSING._replace(concurrency=1),
    "work-2": ANALYSING._replace(concurrency=1),
}
_PATIENT = {
    "TASK_TIME_LIMIT_SEC": 60,
    "VISIBILITY_TIMEOUT_SEC": 70,
    "CHUNK_LEASE_SEC": 80,
    "CHUNK_BATCH_SIZE": 1,
}
_GPU = {
    "front": FRONT,
    "merge": MERGE,
    "scene": Worker(("scene",)),
    "gpu": Worker(("asr", "emotion")),
}
"""One child, as a pool has one for each GPU."""

SCENARIOS = {
    "random_kills": Scenario(
        "SIGKILL of a random worker group every 2-3 s",
        kills.at_random,
        Size(80, 30, 45),
        Size(12, 20, 8),
        work_ms=150,
    ),
    "points": Scenario(
        "SIGKILL at every exact point", kills.at_points(POINTS.values()), None, Size(6, 10)
    ),
    **{
        name: Scenario(f"SIGKILL {point.title}", kills.at_points([point]), Size(8, 10, 2), None)
        for name, point in POINTS.items()
    },
    "gpu_batch": Scenario(
        "SIGKILL in mid-batch of a GPU pool, emotion",
        kills.in_mid_batch("emotion"),
        Size(8, 16, 3),
        Size(4, 12, 2),
        workers=_GPU,
    ),
    "gpu_batch_asr": Scenario(
        "SIGKILL in mid-batch of a GPU pool, asr",
        kills.in_mid_batch("asr"),
        Size(4, 12, 2),
        None,
        workers=_GPU,
    ),
    "redis_killed": Scenario(
        "Redis SIGKILL, down 2 s", redis_away.killed, Size(20, 20, 1, 2), Size(8, 15, 1, 2)
    ),
    "redis_down": Scenario(
        "Redis SIGKILL, down 12 s", redis_away.killed, Size(20, 20, 1, 12), None
    ),
    "redis_flushall": Scenario(
        "Redis FLUSHALL at half-way", redis_away.emptied, Size(20, 20), Size(8, 15)
    ),
    "redis_frozen": Scenario("Redis SIGSTOP 40 s", redis_away.frozen, Size(20, 20, 1, 40), None),
    "redis_unreachable": Scenario(
        "Redis behind a black hole 100 s", redis_away.unreachable, Size(40, 20, 1, 100), None
    ),
    "redis_read_only": Scenario(
        "Redis a read-only replica for 20 s",
        refused.by_redis("READONLY"),
        Size(20, 20, 1, 20),
        Size(8, 15, 1, 5),
    ),
    "redis_out_of_memory": Scenario(
        "Redis at its maxmemory for 20 s",
        refused.by_redis("OOM"),
        Size(20, 20, 1, 20),
        Size(8, 15, 1, 5),
    ),
    "redis_out_of_memory_often": Scenario(
        "Redis at its maxmemory 40 times for up to 3 s",
        refused.memory_full_often,
        Size(60, 15, 40, 3),
        None,
    ),
    "redis_out_of_disk": Scenario(
        "Redis cannot write its snapshot (MISCONF) for 20 s",
        refused.by_redis("MISCONF"),
        Size(20, 20, 1, 20),
        None,
    ),
    "disk_full": Scenario(
        "disk of Redis, store and tables full for 60 s",
        refused.disk_full,
        Size(20, 20, 1, 60),
        None,
        hindrance=refused.cannot_mount,
    ),
    "postgres_read_only": Scenario(
        "Postgres read-only for 20 s",
        refused.postgres_read_only,
        Size(20, 20, 1, 20),
        Size(8, 15, 1, 5),
    ),
    "postgres_full": Scenario(
        "Postgres without a free connection for 30 s",
        refused.postgres_without_connections,
        Size(20, 20, 1, 30),
        None,
    ),
    "postgres_restarted": Scenario(
        "Postgres restarted in mid-merge", postgres_away.restarted, Size(20, 20, 4), Size(8, 15, 2)
    ),
    "postgres_away": Scenario("Postgres down 60 s", postgres_away.away, Size(20, 20, 1, 60), None),
    "power_cut": Scenario(
        "everything killed at once, rubbish behind Redis's file",
        at_once.power_cut,
        Size(20, 20, 3),
        Size(8, 15, 1),
    ),
    "clock_set": Scenario(
        "clock of the whole machine set by hours, a worker killed after each leap",
        clock.was_set,
        Size(20, 20, 4, 3),
        Size(8, 15, 2, 3),
        around=clock.movable,
        hindrance=clock.cannot_move,
    ),
    "outlives_visibility": Scenario(
        "tasks longer than the visibility timeout, two workers",
        jobs.outlives_visibility,
        Size(4, 10, 4, 15),
        Size(2, 5, 2, 13),
        settings=_PATIENT,
        workers=_TWO_VISIBILITIES,
    ),
    "poison": Scenario(
        "poison chunks kill child and worker group",
        jobs.poison(script.KILLS_CHILD, script.KILLS_GROUP),
        None,
        Size(4, 10),
    ),
    "poison_child": Scenario(
        "poison chunk kills its child", jobs.poison(script.KILLS_CHILD), Size(10, 20), None
    ),
    "poison_group": Scenario(
        "poison chunk kills its worker group", jobs.poison(script.KILLS_GROUP), Size(10, 20), None
    ),
    "told_to_stop": Scenario(
        "SIGTERM of every pool, long jobs in flight",
        jobs.told_to_stop,
        Size(10, 20, 2, 7),
        Size(4, 10, 1, 6),
        settings={"CHUNK_BATCH_SIZE": 1},
    ),
    "flood": Scenario(
        "more offered than is admitted, every consumer of analyses and merges stopped",
        offered.flood,
        Size(200, 50, 1, 20),
        Size(24, 25, 1, 9),
        work_ms=0,
        recover_sec=600,
        settings={"MAX_UNMERGED_CHUNKS": 200, "CHUNK_BATCH_SIZE": 16},
    ),
}
"""Name to row, in the order of the table."""
