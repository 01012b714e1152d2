"""Settings of the live lane."""

from typing import Annotated

from pydantic import BaseModel, Field


class Live(BaseModel):
    """Fields for live sessions (docs/live.md)."""

    live_processes: Annotated[int, Field(ge=0, le=1)] = 1
    """Live processes of the local stack while it is kept up; 0: no live sessions."""
    live_threads: Annotated[int, Field(ge=0, le=64)] = 0
    """Threads of a live process that recognise speech; 0: one for each core."""
    live_sessions: Annotated[int, Field(ge=0)] = 0
    """Sessions that a live process carries; 0: as many as it measures at its start."""
    live_kept_sec: Annotated[float, Field(gt=0)] = 60.0
    """Time in which a client may continue its session after it lost the connection."""
    live_longest_sec: Annotated[float, Field(gt=0)] = 14_400.0
    """Longest session."""
