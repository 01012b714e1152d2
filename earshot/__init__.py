"""The one command: verbs, the local stack, and what a terminal shows."""
