"""A trainer for each model."""
