"""Conversion of external checkpoints to the project's format."""
