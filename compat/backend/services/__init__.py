"""Deprecated: use ``earshot.noise``."""
