"""Uploads that come in pieces."""
