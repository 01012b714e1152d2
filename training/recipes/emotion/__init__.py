"""Training of the emotion checkpoint."""
