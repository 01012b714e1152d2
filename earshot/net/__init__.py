"""Outgoing HTTP: the client, its address check, retries and downloads."""
