"""Faults of the rows, one file for each kind; each function submits the load and injects the faults
of a row."""
