"""How tasks that raise ``Transient`` are tried again."""

from earshot.settings import settings

PAUSE_MAX_SEC = 60
"""Longest pause before the next try."""


def step_sec() -> float:
    """Longest time (seconds) between the starts of two successive tries of one task."""
    return settings().task_time_limit_sec + PAUSE_MAX_SEC
