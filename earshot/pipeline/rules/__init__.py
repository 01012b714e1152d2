"""Rules over stored calls: tried without effect, and back-filled."""
