"""Training of the sentiment checkpoint."""
