"""Real processes are killed, stopped and cut off under load, and what became of each recording is
counted."""
