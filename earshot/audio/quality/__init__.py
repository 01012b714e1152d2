"""Measures of recording quality: loudness, clipping, bandwidth, signal-to-noise ratio."""
