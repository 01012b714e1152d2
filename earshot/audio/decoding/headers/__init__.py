"""Checks of container headers that FFmpeg does not make: stated lengths, joined files, cut ends."""
