"""Training of the speaker checkpoint."""
