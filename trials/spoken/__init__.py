"""Speaks personal data, takes the calls in with redaction, and counts what is left of it."""
