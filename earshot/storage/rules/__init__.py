"""Rules of tenants, what they match, and their way through stored calls."""
