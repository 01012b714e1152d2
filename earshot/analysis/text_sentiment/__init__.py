"""Sentiment of what was said, and its fusion with that of the voice."""
