"""Makes all embedded checkpoints anew."""
