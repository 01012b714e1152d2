"""Trains the models of users on their own recordings, resumably; see docs/training.md."""
