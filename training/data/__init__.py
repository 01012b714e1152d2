"""Labelled recordings, packaged sounds and synthetic sounds."""
