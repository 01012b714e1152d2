"""Training, evaluation and export of the project's own checkpoints."""
