"""What the gateway is tested with: events that happen, and those that receive them."""
