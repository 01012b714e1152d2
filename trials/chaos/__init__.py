"""Injects faults into real processes under load, and counts what happened to each recording."""
