"""Roles of channels that are remembered for sources."""
