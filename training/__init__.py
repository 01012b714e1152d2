"""Trainers, evaluation and export for the checkpoints that the project trains itself."""
