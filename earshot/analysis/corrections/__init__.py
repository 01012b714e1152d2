"""Corrections by people: a layer over a report, computed without I/O."""
