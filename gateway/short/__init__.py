"""Short sounds that are classified while their sender waits: threads, models, bodies, metrics."""
