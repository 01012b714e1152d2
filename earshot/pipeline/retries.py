"""Timing of retries of tasks that raise ``Transient``."""

from earshot.settings import settings

PAUSE_MAX_SEC = 60
"""Maximum pause before a retry, in seconds."""


def step_sec() -> float:
    """Maximum time (seconds) between the starts of two successive attempts of a task."""
    return settings().task_time_limit_sec + PAUSE_MAX_SEC
