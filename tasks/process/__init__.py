"""A worker's process: set-up, presence, limits."""
