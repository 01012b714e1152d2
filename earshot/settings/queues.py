"""Settings of workers: time limits, deliveries, heartbeats and upkeep."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, model_validator


class Queues(BaseModel):
    """Fields for workers and queues, in seconds unless the name has another unit."""

    task_time_limit_sec: Annotated[int, Field(gt=1)] = 1500
    chunk_lease_sec: Annotated[int, Field(gt=0)] = 300
    """Time after which a request or chunk that no worker has started, and that is not merely
    queued, is sent again."""
    worker_lost_sec: Annotated[int, Field(ge=5)] = 30
    """A worker without a heartbeat for this long counts as dead; heartbeats are sent every two
    seconds."""
    visibility_timeout_sec: Annotated[int, Field(gt=0)] = 1800
    reconcile_every_sec: Annotated[float, Field(gt=0)] = 30.0
    relay_every_sec: Annotated[float, Field(gt=0)] = 5.0
    outcome_ttl_sec: Annotated[int, Field(gt=0)] = 86_400
    soft_shutdown_sec: Annotated[float, Field(ge=0)] = 20.0
    """Time for a stopping worker to finish its jobs, before it returns them to Redis."""
    wait_days: Annotated[float, Field(gt=0)] = 7.0
    """Time that a recording or chunk waits for a dependency (a full disk, an unavailable store,
    source or endpoint) before it is closed as failed with the code of that error; it can be
    restarted then. Waiting for Redis and Postgres is not limited."""
    train_lease_sec: Annotated[float, Field(ge=5)] = 60.0
    """Time without a sign of a training's worker, after which another one continues it."""
    worker_nice: Annotated[int, Field(ge=0, le=19)] = 0
    """Niceness that is added to the children of a worker; `earshot up` sets it beside a live
    process."""
    shadow_cpu_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of one core that each child of a worker for releases in shadow uses at most, over its
    work and the rest after it."""
    shadow_backlog: Annotated[int, Field(ge=1)] = 1000
    """Recordings that may wait for each release in shadow; the oldest beyond are dropped, and
    counted."""
    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Number of workers that may die on one request or chunk before it is given up."""
    job_hooks: tuple[str, ...] = ()
    """Hooks around every job, as ``module:function`` (``workers/hooks.py``): metrics, spans."""
    ready_file: Path | None = None
    """File for probes: a worker writes its process id into it when it starts to consume, and
    touches it at every heartbeat, which a hanging worker does not."""

    @model_validator(mode="after")
    def _limits_fit(self) -> "Queues":
        if self.task_time_limit_sec >= self.visibility_timeout_sec:
            raise ValueError(
                "task_time_limit_sec must stay below visibility_timeout_sec,"
                " or running jobs are delivered again"
            )
        if self.soft_shutdown_sec >= self.worker_lost_sec:
            raise ValueError(
                "worker_lost_sec must be above soft_shutdown_sec,"
                " or a stopping worker counts as dead"
            )
        return self

    @property
    def task_soft_limit_sec(self) -> float:
        """Time after which a job is interrupted, so that it can report the timeout before it is
        killed."""
        return self.task_time_limit_sec - min(30.0, self.task_time_limit_sec / 10)

    @property
    def task_limit_advice(self) -> str:
        """Advice for messages about jobs that exceed the time limit."""
        return (
            f"raise EARSHOT_TASK_TIME_LIMIT_SEC (now {self.task_time_limit_sec}), and"
            f" EARSHOT_VISIBILITY_TIMEOUT_SEC (now {self.visibility_timeout_sec}) above it, for all"
            " processes"
        )

    @property
    def late_job_sec(self) -> int:
        """Time after the merge during which Redis may still deliver a job of a dead worker."""
        return 2 * self.visibility_timeout_sec

    @property
    def wait_sec(self) -> float:
        """``wait_days`` in seconds."""
        return self.wait_days * 86_400
