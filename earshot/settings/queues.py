"""Time limits, deliveries, heartbeats and upkeep of workers."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, model_validator


class Queues(BaseModel):
    """Settings of workers and queues; seconds unless a name says otherwise."""

    task_time_limit_sec: Annotated[int, Field(gt=1)] = 1500
    chunk_lease_sec: Annotated[int, Field(gt=0)] = 300
    """A request or chunk that nobody has started after this, and that does not merely wait its
    turn, is sent again."""
    worker_lost_sec: Annotated[int, Field(ge=5)] = 30
    """A worker that is not heard for so long has died; heartbeats come every two seconds."""
    visibility_timeout_sec: Annotated[int, Field(gt=0)] = 1800
    reconcile_every_sec: Annotated[float, Field(gt=0)] = 30.0
    relay_every_sec: Annotated[float, Field(gt=0)] = 5.0
    outcome_ttl_sec: Annotated[int, Field(gt=0)] = 86_400
    soft_shutdown_sec: Annotated[float, Field(ge=0)] = 20.0
    """How long a worker that is told to stop goes on with what it holds, before it hands it back to
    Redis."""
    wait_days: Annotated[float, Field(gt=0)] = 7.0
    """How long a recording or a chunk waits for its surroundings (a full disk, a store, source or
    endpoint that is away) before it is closed as failed with their code, and can be started again.
    Redis and Postgres are waited for without an end."""
    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Workers that may end at one piece of work before it is given up."""
    job_hooks: tuple[str, ...] = ()
    """Hooks around every job, as ``module:function`` (``workers/hooks.py``): metrics, spans."""
    ready_file: Path | None = None
    """For probes: a worker writes its process id here once it consumes, and touches it at every
    heartbeat; one that hangs does not."""

    @model_validator(mode="after")
    def _limits_fit(self) -> "Queues":
        if self.task_time_limit_sec >= self.visibility_timeout_sec:
            raise ValueError(
                "task_time_limit_sec must stay below visibility_timeout_sec, or running jobs are"
                " delivered again"
            )
        if self.soft_shutdown_sec >= self.worker_lost_sec:
            raise ValueError(
                "worker_lost_sec must be above soft_shutdown_sec, or a worker that is told to stop"
                " counts as dead"
            )
        return self

    @property
    def task_soft_limit_sec(self) -> float:
        """When a job is told to stop, so that it can still say so before it is killed."""
        return self.task_time_limit_sec - min(30.0, self.task_time_limit_sec / 10)

    @property
    def task_limit_advice(self) -> str:
        """What to do where work takes longer than a task may."""
        return (
            f"raise EARSHOT_TASK_TIME_LIMIT_SEC (now {self.task_time_limit_sec}), and"
            f" EARSHOT_VISIBILITY_TIMEOUT_SEC (now {self.visibility_timeout_sec}) above it, for all"
            " processes"
        )

    @property
    def late_job_sec(self) -> int:
        """How long after the merge Redis may still deliver a job of a worker that died."""
        return 2 * self.visibility_timeout_sec

    @property
    def wait_sec(self) -> float:
        return self.wait_days * 86_400
