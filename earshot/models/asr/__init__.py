"""Speech recognisers, local and remote."""
