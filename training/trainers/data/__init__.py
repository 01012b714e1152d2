"""Labelled recordings: listed, checked, divided, described by features."""
