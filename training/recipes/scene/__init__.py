"""Training of the scene checkpoint."""
