"""Deprecated: use ``earshot.noise``."""

from earshot.noise import MLService

__all__ = [
    "MLService",
]
