"""Glossaries of recordings, and their versions."""
