"""Emotion: its findings, and the six labels of its events."""
