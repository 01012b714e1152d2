"""Speech detection."""
