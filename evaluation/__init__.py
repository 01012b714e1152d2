"""Measures the analyses on labelled recordings, through the same code that works in production."""
