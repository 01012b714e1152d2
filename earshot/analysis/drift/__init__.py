"""Drift: how far answers have moved, computed without I/O."""
