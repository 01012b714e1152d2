"""Batches at their real size: ``python -m trials.batch``."""
