"""Labelled recordings, packaged sounds and made ones."""
