"""Measures the whole system against one process that calls the models directly."""
