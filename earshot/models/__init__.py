"""Checkpoints: the catalog, the runtimes that execute them, the process cache."""
