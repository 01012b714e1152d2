"""Training of the noise checkpoint."""
