"""Other people's checkpoints, turned into the project's."""
