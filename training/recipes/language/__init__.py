"""Training of the language checkpoint."""
