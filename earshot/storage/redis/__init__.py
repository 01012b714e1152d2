"""What Redis holds: claims, presence, the event stream, what was refused."""
