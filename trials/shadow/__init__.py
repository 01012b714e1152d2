"""Throughput beside releases in shadow."""
