"""Sentiment of the words, and its fusion with that of the voice."""
