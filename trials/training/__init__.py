"""Training beside a plain loop of torch."""
