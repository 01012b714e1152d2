"""Training of the trunk checkpoint."""
